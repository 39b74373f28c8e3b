/* A tree of values as named arrays. */
#include "io/value/flatten.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

typedef struct flattener {
  io_document *document;
  const char *file;
  berg_error *error;
  berg_array *entries;
  const io_value **values;
  size_t count, capacity, value_capacity;
  char *path; /* keys so far, joined */
  size_t length, path_room;
  size_t visited;
} flattener;

static berg_status fail(flattener *flat, const char *what, const char *expected) {
  char item[100];
  base_print(item, sizeof item, "%.*s", (int)(flat->length < 99 ? flat->length : 99), flat->path ? flat->path : "");
  return base_fail_at(flat->error, &(base_fault){BERG_EINPUT, flat->file, BERG_NO_OFFSET, item, what, expected, NULL});
}

static berg_status add(flattener *flat, const io_value *value, const berg_array *array) {
  if (flat->count >= IO_MAX_ENTRIES) return fail(flat, "too many entries", "at most 1,048,576");
  if (!base_grow((void **)&flat->entries, &flat->capacity, flat->count + 1, sizeof *flat->entries, flat->error) ||
      !base_grow((void **)&flat->values, &flat->value_capacity, flat->count + 1, sizeof *flat->values, flat->error))
    return BERG_ELIMIT;
  berg_array *entry = &flat->entries[flat->count];
  *entry = *array;
  entry->name = io_arena_text(&flat->document->arena, flat->path ? flat->path : "", flat->length, flat->error);
  if (!entry->name) return BERG_ELIMIT;
  flat->values[flat->count++] = value;
  return BERG_OK;
}

static berg_status add_plain(flattener *flat, const io_value *value, berg_dtype dtype, size_t itemsize,
                             const void *data) {
  return add(flat, value, &(berg_array){.dtype = dtype, .itemsize = itemsize, .data = data});
}

static berg_status walk(flattener *flat, const io_value *value, size_t depth);

/* Walks a child under one more name. */
static berg_status descend(flattener *flat, const char *name, size_t length, const io_value *value, size_t depth) {
  size_t before = flat->length, after;
  if (!base_add(before, length, &after) ||
      !base_grow((void **)&flat->path, &flat->path_room, after + 2, 1, flat->error))
    return BERG_ELIMIT;
  if (depth > 1) flat->path[flat->length++] = '.';
  memcpy(flat->path + flat->length, name, length);
  flat->length += length;
  berg_status status = walk(flat, value, depth);
  if (!status) flat->length = before;
  return status;
}

static berg_status descend_number(flattener *flat, int64_t number, const io_value *value, size_t depth) {
  char name[24];
  int length = base_print(name, sizeof name, "%" PRId64, number);
  return descend(flat, name, (size_t)length, value, depth);
}

static berg_status walk_dict(flattener *flat, const io_value *dict, size_t depth) {
  for (size_t i = 0; i + 1 < dict->count; i += 2) {
    const io_value *key = dict->items[i];
    if (key->kind != IO_TEXT && key->kind != IO_INT)
      return fail(flat, "a dict's key is neither text nor a number", NULL);
    if (key->kind == IO_TEXT && strlen(key->text) != key->text_length)
      return fail(flat, "a key with a zero byte", NULL);
    berg_status status = key->kind == IO_TEXT
                             ? descend(flat, key->text, key->text_length, dict->items[i + 1], depth + 1)
                             : descend_number(flat, key->integer, dict->items[i + 1], depth + 1);
    if (status) return status;
  }
  return BERG_OK;
}

static berg_status walk(flattener *flat, const io_value *value, size_t depth) {
  if (depth > IO_MAX_DEPTH) return fail(flat, "nested too deep", "at most 64 levels");
  if (flat->visited++ >= IO_MAX_VALUES) return fail(flat, "too many values", "at most 4,194,304");
  berg_status status = BERG_OK;
  switch (value->kind) {
  case IO_NONE:
  case IO_BYTES: return BERG_OK;
  case IO_BOOL: return add_plain(flat, value, BERG_BOOL, 1, &value->truth);
  case IO_INT: return add_plain(flat, value, BERG_I64, 8, &value->integer);
  case IO_FLOAT: return add_plain(flat, value, BERG_F64, 8, &value->real);
  case IO_TEXT:
    if (strlen(value->text) != value->text_length) return fail(flat, "text with a zero byte", NULL);
    return add_plain(flat, value, BERG_STRING, sizeof(char *), &value->text);
  case IO_ARRAY:
  case IO_SCALAR: return add(flat, value, value->array);
  case IO_BOX: return walk(flat, value->items[0], depth + 1);
  case IO_LIST:
  case IO_TUPLE:
    for (size_t i = 0; i < value->count && !status; i++)
      status = descend_number(flat, (int64_t)i, value->items[i], depth + 1);
    return status;
  case IO_DICT: return walk_dict(flat, value, depth);
  case IO_OTHER: break;
  }
  return fail(flat, "neither an array nor a plain value", NULL);
}

static int by_name(const void *a, const void *b) {
  return strcmp((*(const berg_array *const *)a)->name, (*(const berg_array *const *)b)->name);
}

static berg_status make_index(io_entries *entries, io_arena *arena, const char *file, berg_error *error) {
  entries->sorted = io_arena_take(arena, entries->count * sizeof *entries->sorted, error);
  if (!entries->sorted) return BERG_ELIMIT;
  for (size_t i = 0; i < entries->count; i++) entries->sorted[i] = &entries->arrays[i];
  if (entries->count) qsort(entries->sorted, entries->count, sizeof *entries->sorted, by_name);
  for (size_t i = 1; i < entries->count; i++)
    if (!strcmp(entries->sorted[i - 1]->name, entries->sorted[i]->name))
      return base_fail_at(error, &(base_fault){BERG_EINPUT, file, BERG_NO_OFFSET, entries->sorted[i]->name,
                                               "a name that occurs twice", NULL, NULL});
  return BERG_OK;
}

const berg_array *io_entries_find(const io_entries *entries, const char *name) {
  berg_array key = {.name = name};
  const berg_array *pointer = &key;
  const berg_array *const *found =
      entries->count ? bsearch(&pointer, entries->sorted, entries->count, sizeof *entries->sorted, by_name) : NULL;
  return found ? *found : NULL;
}

berg_status io_flatten(io_document *document, io_entries *entries, const char *file, berg_error *error) {
  flattener flat = {.document = document, .file = file, .error = error};
  /* a box around everything is how np.save holds a dict; it has no name of its own */
  for (int i = 0; i < IO_MAX_DEPTH && document->root->kind == IO_BOX; i++) document->root = document->root->items[0];
  berg_status status = walk(&flat, document->root, 0);
  if (!status) {
    entries->count = flat.count;
    entries->arrays = io_arena_take(&document->arena, flat.count * sizeof *entries->arrays, error);
    entries->values = io_arena_take(&document->arena, flat.count * sizeof *entries->values, error);
    if (!entries->arrays || !entries->values) {
      status = BERG_ELIMIT;
    } else if (flat.count) {
      memcpy(entries->arrays, flat.entries, flat.count * sizeof *entries->arrays);
      memcpy(entries->values, flat.values, flat.count * sizeof *entries->values);
    }
  }
  base_free(flat.entries);
  base_free(flat.values);
  base_free(flat.path);
  return status ? status : make_index(entries, &document->arena, file, error);
}
