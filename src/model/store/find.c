/* Images of a store by their names. */
#include <pthread.h>
#include <string.h>

#include "base/memory.h"
#include "model/store/known.h"
#include "model/store/store.h"

#define SEVERAL (SIZE_MAX - 1)

typedef struct model_store_names {
  pthread_mutex_t guard;
  bool made;
  model_known whole, last; /* whole names, and what is behind their last slash: rows, or SEVERAL */
} model_store_names;

model_store_names *model_store_names_new(berg_error *error) {
  model_store_names *names = base_calloc(1, sizeof *names, error);
  if (!names || !pthread_mutex_init(&names->guard, NULL)) return names;
  base_free(names);
  base_fail(error, BERG_ELIMIT, "no lock for the names of a store could be had");
  return NULL;
}

static void forget(model_store_names *names) {
  model_known_release(&names->whole);
  model_known_release(&names->last);
}

void model_store_names_free(model_store_names *names) {
  if (!names) return;
  forget(names);
  pthread_mutex_destroy(&names->guard);
  base_free(names);
}

static berg_status add(model_known *known, const char *text, size_t row, berg_error *error) {
  model_known_item item = model_known_text(text, row);
  const size_t before = model_known_find(known, item.high, item.low);
  if (before != SIZE_MAX && before != row) item.number = SEVERAL;
  return model_known_set(known, &item, error);
}

static berg_status add_name(void *user, const char *escaped, size_t length, size_t row, size_t after,
                            berg_error *error) {
  model_store_names *names = user;
  (void)after;
  char *name = model_store_unescape(escaped, length, error);
  if (!name) return BERG_ELIMIT;
  const char *slash = strrchr(name, '/');
  berg_status status = add(&names->whole, name, row, error);
  if (!status) status = add(&names->last, slash ? slash + 1 : name, row, error);
  base_free(name);
  return status;
}

/* A number from `*at` on, before `stop`, which goes behind its digits. */
static bool read_number(const char **at, const char *stop, size_t *number) {
  const char *from = *at;
  for (*number = 0; *at < stop && **at >= '0' && **at <= '9' && *at - from < 18; ++*at)
    *number = *number * 10 + (size_t)(**at - '0');
  return *at > from;
}

/* "row", of a shard "row TAB after". */
static bool read_numbers(const char *at, const char *stop, size_t *row, size_t *after) {
  *after = SIZE_MAX;
  if (!read_number(&at, stop, row)) return false;
  return at == stop || (*at++ == '\t' && read_number(&at, stop, after) && at == stop);
}

/* Lines of a name and the row of its image, below a heading. */
berg_status model_store_each_alias(const berg_store *store, model_store_take_alias take, void *user, uint64_t *bytes,
                                   berg_error *error) {
  if (!store->about.aliases && !bytes) return BERG_OK;
  char *file = model_store_file(store->path, MODEL_STORE_ALIASES, error);
  io_map map = {.bytes = NULL};
  berg_status status = file ? io_map_open(&map, file, error) : BERG_ELIMIT;
  const char *at = (const char *)map.bytes, *end = status ? at : at + map.size;
  for (size_t line = 0; line <= store->about.aliases && !status; line++) {
    const char *stop = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    const char *tab = stop ? memchr(at, '\t', (size_t)(stop - at)) : NULL;
    size_t row = 0, after = SIZE_MAX;
    if (!tab || (line && (!read_numbers(tab + 1, stop, &row, &after) || row >= store->about.images)))
      status = base_fail(error, BERG_EINPUT, "%s: line %zu is damaged: expected a name and a row", file, line + 1);
    else if (line)
      status = take(user, at, (size_t)(tab - at), row, after, error);
    if (stop) at = stop + 1;
  }
  if (bytes) *bytes = (uint64_t)(at - (const char *)map.bytes);
  io_map_close(&map);
  base_free(file);
  return status;
}

static berg_status make(model_store_names *names, const berg_store *store, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t i = 0; i < store->about.images && !status; i++) {
    model_store_line line;
    status = model_store_line_at(store, i, &line, error);
    if (!status) status = add_name(names, line.name, line.name_length, i, SIZE_MAX, error);
  }
  if (!status) status = model_store_each_alias(store, add_name, names, NULL, error);
  if (status) forget(names);
  names->made = !status;
  return status;
}

static size_t look_up(const model_known *known, const char *name) {
  const model_known_item item = model_known_text(name, 0);
  return model_known_find(known, item.high, item.low);
}

berg_status berg_store_find(const berg_store *store, const char *name, size_t *image, berg_error *error) {
  model_store_names *names = store->names;
  pthread_mutex_lock(&names->guard);
  berg_status status = names->made ? BERG_OK : make(names, store, error);
  pthread_mutex_unlock(&names->guard);
  if (status) return status;
  *image = look_up(&names->whole, name);
  if (*image == SIZE_MAX) *image = look_up(&names->last, name);
  if (*image == SIZE_MAX) return base_fail(error, BERG_EINPUT, "%s holds no image of the name %s", store->path, name);
  if (*image != SEVERAL) return BERG_OK;
  return base_fail(error, BERG_EINPUT, "%s holds several images of the name %s: name the folder too", store->path,
                   name);
}
