/* Named arrays as a tree of values. */
#include "io/value/nest.h"

#include <string.h>

#define MAX_NAMES 65536

/* The dict under `key` in `dict`, made if needed; NULL: out of memory or, with `*clash` set, the key holds a value. */
static io_value *enter(io_arena *arena, io_value *dict, const char *key, size_t length, bool *clash,
                       berg_error *error) {
  /* names come in groups, so the key is mostly the newest: the search begins at the end */
  for (size_t i = dict->count; i >= 2; i -= 2) {
    const io_value *known = dict->items[i - 2];
    if (known->text_length != length || memcmp(known->text, key, length)) continue;
    *clash = dict->items[i - 1]->kind != IO_DICT;
    return *clash ? NULL : dict->items[i - 1];
  }
  io_value *name = io_value_text(arena, key, length, error), *child = name ? io_value_new(arena, IO_DICT, error) : NULL;
  return child && io_value_append(arena, dict, name, error) && io_value_append(arena, dict, child, error) ? child
                                                                                                          : NULL;
}

static bool has(const io_value *dict, const char *key) { return io_value_get(dict, key) != NULL; }

berg_status io_nest(io_value **nested, io_arena *arena, io_value *flat, berg_error *error) {
  *nested = flat;
  if (flat->kind != IO_DICT || flat->count / 2 > MAX_NAMES) return BERG_OK;
  io_value *root = io_value_new(arena, IO_DICT, error);
  if (!root) return BERG_ELIMIT;
  for (size_t i = 0; i + 1 < flat->count; i += 2) {
    const char *at = flat->items[i]->text;
    io_value *dict = root;
    size_t depth = 0;
    for (const char *dot; (dot = strchr(at, '.')); at = dot + 1) {
      bool clash = false;
      dict = enter(arena, dict, at, (size_t)(dot - at), &clash, error);
      if (!dict && !clash) return BERG_ELIMIT;
      if (!dict || ++depth >= IO_MAX_DEPTH) return BERG_OK;
    }
    if (has(dict, at)) return BERG_OK;
    io_value *name = io_value_text(arena, at, strlen(at), error);
    if (!name || !io_value_append(arena, dict, name, error) || !io_value_append(arena, dict, flat->items[i + 1], error))
      return BERG_ELIMIT;
  }
  *nested = root;
  return BERG_OK;
}
