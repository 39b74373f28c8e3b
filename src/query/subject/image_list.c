/* Images named in a text file. */
#include <string.h>

#include "base/memory.h"
#include "query/subject/images.h"

typedef struct list {
  size_t *items, count, capacity;
} list;

/* The message of berg_store_find, with where the name stands before it. */
static berg_status fail_at_line(const char *path, size_t line, berg_status status, berg_error *error) {
  char *said = error && status == BERG_EINPUT ? base_copy_text(error->message, NULL) : NULL;
  if (said) base_fail(error, status, "%s, line %zu: %s", path, line, said);
  base_free(said);
  return status;
}

static berg_status add_line(list *found, const berg_store *store, const char *path, size_t line, const char *text,
                            size_t length, berg_error *error) {
  while (length && (text[length - 1] == '\r' || text[length - 1] == ' ' || text[length - 1] == '\t')) length--;
  if (!length) return BERG_OK;
  void *block = found->items;
  if (!base_grow(&block, &found->capacity, found->count + 1, sizeof *found->items, error)) return BERG_ELIMIT;
  found->items = block;
  char *name = base_copy_bytes(text, length, error);
  if (!name) return BERG_ELIMIT;
  berg_status status = berg_store_find(store, name, &found->items[found->count], error);
  base_free(name);
  if (status) return fail_at_line(path, line, status, error);
  found->count++;
  return BERG_OK;
}

static berg_status read_lines(list *found, const berg_store *store, const char *path, const io_map *map,
                              berg_error *error) {
  const char *at = (const char *)map->bytes, *end = at + map->size;
  berg_status status = BERG_OK;
  for (size_t line = 1; at < end && !status; line++) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    if (!stop) stop = end;
    status = add_line(found, store, path, line, at, (size_t)(stop - at), error);
    at = stop + 1;
  }
  if (!status && !found->count) status = base_fail(error, BERG_EINPUT, "%s: expected a name a line, found none", path);
  return status;
}

berg_status berg_store_find_listed(const berg_store *store, const char *path, size_t **images, size_t *count,
                                   berg_error *error) {
  io_map map;
  list found = {NULL, 0, 0};
  *images = NULL;
  *count = 0;
  berg_status status = io_map_open(&map, path, error);
  if (status) return status;
  status = read_lines(&found, store, path, &map, error);
  io_map_close(&map);
  if (status) {
    base_free(found.items);
    return status;
  }
  *images = found.items;
  *count = found.count;
  return BERG_OK;
}
