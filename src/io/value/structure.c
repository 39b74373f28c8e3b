/* The structure of a pickle that arrays cannot express, as JSON and back. */
#include "io/value/structure.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/value/json_build.h"
#include "io/value/json_guard.h"
#include "io/value/json_print.h"
#include "io/value/text_array.h"

bool io_structure_is_plain(const io_value *root) {
  if (root->kind != IO_DICT) return false;
  for (size_t i = 0; i + 1 < root->count; i += 2) {
    const io_value *value = root->items[i + 1];
    if (root->items[i]->kind != IO_TEXT || value->kind != IO_ARRAY || value->array->dtype == BERG_STRING ||
        value->array->dtype == BERG_UNICODE)
      return false;
  }
  return true;
}

/* --- Writing --- */

/* Entries are met in the order of io_flatten, so that their names are the same. */

typedef struct structure_writer {
  io_arena arena; /* for names */
  berg_status status;
  berg_error *error;
} structure_writer;

static void fill_node(structure_writer *writer, cJSON *node, const io_value *value, const char *path, size_t depth);

static void add_node(structure_writer *writer, cJSON *list, const io_value *value, const char *path, size_t depth) {
  fill_node(writer, io_json_add_object(list, NULL), value, path, depth);
}

static void add_child(structure_writer *writer, cJSON *list, const io_value *value, const char *path, const char *name,
                      size_t depth) {
  size_t length = strlen(path) + strlen(name) + 2;
  char *joined = writer->status ? NULL : io_arena_take(&writer->arena, length, writer->error);
  if (!joined) {
    if (!writer->status) writer->status = BERG_ELIMIT;
    return;
  }
  base_print(joined, length, "%s%s%s", path, depth > 1 ? "." : "", name);
  add_node(writer, list, value, joined, depth);
}

static void write_dict(structure_writer *writer, cJSON *list, const io_value *dict, const char *path, size_t depth) {
  for (size_t i = 0; i + 1 < dict->count; i += 2) {
    const io_value *key = dict->items[i];
    char number[24];
    if (key->kind == IO_INT) base_print(number, sizeof number, "%" PRId64, key->integer);
    add_node(writer, list, key, "", depth);
    add_child(writer, list, dict->items[i + 1], path, key->kind == IO_INT ? number : key->text, depth + 1);
  }
}

static void write_list(structure_writer *writer, cJSON *list, const io_value *value, const char *path, size_t depth) {
  for (size_t i = 0; i < value->count; i++) {
    char number[24];
    base_print(number, sizeof number, "%zu", i);
    add_child(writer, list, value->items[i], path, number, depth + 1);
  }
}

static void write_texts(structure_writer *writer, cJSON *node, const berg_array *array) {
  bool is_objects = array->dtype == BERG_STRING;
  cJSON *list = io_json_add_list(node, is_objects ? "object" : "unicode"), *shape = io_json_add_list(node, "shape");
  for (size_t d = 0; d < array->ndim; d++) io_json_add_number(shape, NULL, (double)array->shape[d]);
  const size_t width = array->itemsize / 4;
  if (!is_objects) io_json_add_number(node, "width", (double)width);
  size_t count = io_text_count(array);
  for (size_t i = 0; i < count && !writer->status; i++) {
    char *text = io_text_at(array, i, writer->error);
    if (!text) writer->status = writer->error->status;
    io_json_add_text(list, NULL, text);
    base_free(text);
  }
}

static void write_array(structure_writer *writer, cJSON *node, const io_value *value, const char *path) {
  const char *kind = value->kind == IO_SCALAR ? "scalar" : "tensor";
  if (value->array->dtype != BERG_STRING && value->array->dtype != BERG_UNICODE) {
    io_json_add_text(node, kind, path);
    return;
  }
  if (value->kind == IO_SCALAR) io_json_add_bool(node, "is_scalar", true);
  write_texts(writer, node, value->array);
}

static void fill_node(structure_writer *writer, cJSON *node, const io_value *value, const char *path, size_t depth) {
  char number[40];
  if (writer->status) return;
  switch (value->kind) {
  case IO_NONE: io_json_add_bool(node, "none", true); return;
  case IO_BOOL: io_json_add_bool(node, "bool", value->truth); return;
  case IO_INT:
    base_print(number, sizeof number, "%" PRId64, value->integer);
    io_json_add_text(node, "int", number);
    return;
  case IO_FLOAT:
    base_print(number, sizeof number, "%a", value->real);
    io_json_add_text(node, "float", number);
    return;
  case IO_TEXT: io_json_add_text(node, "str", value->text); return;
  case IO_ARRAY:
  case IO_SCALAR: write_array(writer, node, value, path); return;
  case IO_DICT: write_dict(writer, io_json_add_list(node, "dict"), value, path, depth); return;
  case IO_LIST: write_list(writer, io_json_add_list(node, "list"), value, path, depth); return;
  case IO_TUPLE: write_list(writer, io_json_add_list(node, "tuple"), value, path, depth); return;
  case IO_BOX: add_node(writer, io_json_add_list(node, "box"), value->items[0], path, depth + 1); return;
  case IO_BYTES:
  case IO_OTHER: break;
  }
  writer->status =
      base_fail_at(writer->error, &(base_fault){BERG_EINPUT, NULL, BERG_NO_OFFSET, path,
                                                "Python bytes have no place in the structure of a file", NULL, NULL});
}

berg_status io_structure_write(char **text, const io_value *root, berg_error *error) {
  berg_error local = {.status = BERG_OK};
  structure_writer writer = {.error = error ? error : &local};
  io_arena_init(&writer.arena, 0);
  cJSON *json = io_json_object();
  fill_node(&writer, json, root, "", 0);
  *text = NULL;
  berg_status status = writer.status ? writer.status : io_json_print_close(json, text, error);
  cJSON_Delete(json);
  io_arena_release(&writer.arena);
  return status;
}

/* --- Reading --- */

typedef struct named {
  const char *name;
  io_value *value;
} named;

typedef struct structure_reader {
  io_arena *arena;
  const named *sorted; /* the file's tensors by name */
  size_t count;
  const char *file;
  berg_error *error;
} structure_reader;

static int by_name(const void *a, const void *b) { return strcmp(((const named *)a)->name, ((const named *)b)->name); }

static io_value *fail(const structure_reader *reader, const char *item, const char *what) {
  base_fail_at(reader->error,
               &(base_fault){BERG_EINPUT, reader->file, BERG_NO_OFFSET, IO_STRUCTURE_KEY, what, NULL, item});
  return NULL;
}

static io_value *read_node(const structure_reader *reader, const cJSON *json, size_t depth);

static io_value *read_children(const structure_reader *reader, const cJSON *list, io_kind kind, size_t depth) {
  if (!cJSON_IsArray(list)) return fail(reader, list->string, "not as written here");
  io_value *value = io_value_new(reader->arena, kind, reader->error);
  const cJSON *item;
  cJSON_ArrayForEach(item, list) {
    io_value *child = value ? read_node(reader, item, depth + 1) : NULL;
    if (!child || !io_value_append(reader->arena, value, child, reader->error)) return NULL;
  }
  if (value && ((kind == IO_DICT && value->count % 2) || (kind == IO_BOX && value->count != 1)))
    return fail(reader, list->string, "not as written here");
  return value;
}

static io_value *read_tensor(const structure_reader *reader, const cJSON *json, io_kind kind) {
  named key = {json->valuestring, NULL};
  const named *found = reader->count ? bsearch(&key, reader->sorted, reader->count, sizeof key, by_name) : NULL;
  if (!found) return fail(reader, json->valuestring, "names a tensor that is not there");
  if (kind == IO_SCALAR && found->value->array->ndim)
    return fail(reader, json->valuestring, "names a tensor that is not a scalar");
  io_value *value = io_value_new(reader->arena, kind, reader->error);
  if (value) value->array = found->value->array;
  return value;
}

static io_value *read_texts(const structure_reader *reader, const cJSON *json, const cJSON *list) {
  const cJSON *shape = cJSON_GetObjectItemCaseSensitive(json, "shape"), *item;
  uint64_t size, width = 0;
  berg_array array = {.dtype = strcmp(list->string, "object") ? BERG_UNICODE : BERG_STRING};
  if (array.dtype == BERG_UNICODE &&
      (!io_json_size(cJSON_GetObjectItemCaseSensitive(json, "width"), &width) || width < 1 || width > INT32_MAX / 4))
    return fail(reader, "width", "not as written here");
  cJSON_ArrayForEach(item, shape) {
    if (array.ndim == BERG_MAX_DIMS || !io_json_size(item, &size)) return fail(reader, "shape", "not as written here");
    array.shape[array.ndim++] = (size_t)size;
  }
  array.itemsize = array.dtype == BERG_UNICODE ? (size_t)width * 4 : sizeof(char *);
  io_value *value = io_value_new(
      reader->arena, cJSON_HasObjectItem(json, "is_scalar") && !array.ndim ? IO_SCALAR : IO_ARRAY, reader->error);
  if (!value) return NULL;
  cJSON_ArrayForEach(item, list) if (!cJSON_IsString(item)) return fail(reader, list->string, "not text");
  value->array = io_text_from_json(reader->arena, &array, list, reader->error);
  if (!value->array) return fail(reader, list->string, "texts do not fit their shape");
  return value;
}

static io_value *read_plain(const structure_reader *reader, const cJSON *json) {
  const char *kind = json->string, *text = json->valuestring;
  if (!strcmp(kind, "str")) return io_value_text(reader->arena, text, strlen(text), reader->error);
  bool is_int = !strcmp(kind, "int");
  io_value *value = io_value_new(reader->arena, is_int ? IO_INT : IO_FLOAT, reader->error);
  if (!value) return NULL;
  char *end;
  errno = 0;
  if (is_int)
    value->integer = strtoll(text, &end, 10);
  else
    value->real = base_read_real(text, &end);
  return end == text || *end || (is_int && errno) ? fail(reader, text, "not a number") : value;
}

static io_value *read_node(const structure_reader *reader, const cJSON *json, size_t depth) {
  static const struct {
    const char *name;
    io_kind kind;
  } groups[] = {{"dict", IO_DICT}, {"list", IO_LIST}, {"tuple", IO_TUPLE}, {"box", IO_BOX}};
  const cJSON *child = cJSON_IsObject(json) ? json->child : NULL;
  if (child && !strcmp(child->string, "is_scalar")) child = child->next;
  if (!child || depth > IO_MAX_DEPTH) return fail(reader, NULL, "not as written here");
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
    if (!strcmp(child->string, groups[i].name)) return read_children(reader, child, groups[i].kind, depth);
  if (!strcmp(child->string, "object") || !strcmp(child->string, "unicode"))
    return cJSON_IsArray(child) ? read_texts(reader, json, child) : fail(reader, child->string, "not as written here");
  if (!strcmp(child->string, "none")) return io_value_new(reader->arena, IO_NONE, reader->error);
  if (!strcmp(child->string, "bool")) {
    io_value *value = io_value_new(reader->arena, IO_BOOL, reader->error);
    if (value) value->truth = cJSON_IsTrue(child);
    return value;
  }
  if (!cJSON_IsString(child)) return fail(reader, child->string, "not as written here");
  if (!strcmp(child->string, "tensor")) return read_tensor(reader, child, IO_ARRAY);
  if (!strcmp(child->string, "scalar")) return read_tensor(reader, child, IO_SCALAR);
  if (!strcmp(child->string, "str") || !strcmp(child->string, "int") || !strcmp(child->string, "float"))
    return read_plain(reader, child);
  return fail(reader, child->string, "not as written here");
}

berg_status io_structure_read(io_value **root, io_arena *arena, const char *text, const io_value *flat,
                              const char *file, berg_error *error) {
  size_t count = flat->count / 2;
  berg_error local = {.status = BERG_OK};
  named *sorted = io_arena_take(arena, count * sizeof *sorted, error);
  if (!sorted) return BERG_ELIMIT;
  for (size_t i = 0; i < count; i++) sorted[i] = (named){flat->items[2 * i]->text, flat->items[2 * i + 1]};
  if (count) qsort(sorted, count, sizeof *sorted, by_name);
  structure_reader reader = {arena, sorted, count, file, error ? error : &local};
  cJSON *json;
  berg_status status = io_json_parse(&json, text, strlen(text), error);
  if (status == BERG_ELIMIT) return status;
  io_value *read = json ? read_node(&reader, json, 0) : fail(&reader, NULL, "not JSON");
  cJSON_Delete(json);
  if (read) *root = read;
  return read ? BERG_OK : reader.error->status;
}
