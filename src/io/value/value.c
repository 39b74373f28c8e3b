/* Trees of values: making and reading them. */
#include "io/value/value.h"

#include <string.h>

#include "base/memory.h"
#include "io/value/utf8.h"

io_value *io_value_new(io_arena *arena, io_kind kind, berg_error *error) {
  io_value *value = io_arena_take(arena, sizeof *value, error);
  if (value) {
    memset(value, 0, sizeof *value);
    value->kind = kind;
  }
  return value;
}

io_value *io_value_text(io_arena *arena, const char *text, size_t length, berg_error *error) {
  char *copy = io_arena_text(arena, text, length, error);
  io_value *value = copy ? io_value_new(arena, IO_TEXT, error) : NULL;
  if (value) {
    value->text = copy;
    value->text_length = length;
  }
  return value;
}

io_value *io_value_array(io_arena *arena, const berg_array *array, berg_error *error) {
  berg_array *copy = io_arena_take(arena, sizeof *copy, error);
  io_value *value = copy ? io_value_new(arena, IO_ARRAY, error) : NULL;
  if (value) {
    *copy = *array;
    value->array = copy;
  }
  return value;
}

bool io_value_append(io_arena *arena, io_value *list, io_value *item, berg_error *error) {
  if (list->count == list->capacity) {
    size_t capacity = list->capacity ? 2 * list->capacity : 4;
    io_value **items = io_arena_take(arena, capacity * sizeof *items, error);
    if (!items) return false;
    if (list->count) memcpy(items, list->items, list->count * sizeof *items);
    list->items = items;
    list->capacity = capacity;
  }
  list->items[list->count++] = item;
  return true;
}

bool io_value_add_array(io_arena *arena, io_value *dict, const char *name, size_t length, const berg_array *array,
                        berg_error *error) {
  io_value *key = io_value_text(arena, name, length, error);
  io_value *value = key ? io_value_array(arena, array, error) : NULL;
  return value && io_value_append(arena, dict, key, error) && io_value_append(arena, dict, value, error);
}

io_value *io_value_get(const io_value *dict, const char *key) {
  for (size_t i = 0; i + 1 < dict->count; i += 2)
    if (dict->items[i]->kind == IO_TEXT && !strcmp(dict->items[i]->text, key)) return dict->items[i + 1];
  return NULL;
}

bool io_utf8_valid(const char *text, size_t length, bool zeros) {
  for (const char *at = text, *end = text + length; at < end;) {
    const int32_t point = io_utf8_next(&at, end);
    if (point < 0 || (!point && !zeros)) return false;
  }
  return true;
}
