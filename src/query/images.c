/* Lists of images, and reading their scores run by run. */
#include "query/images.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* --- Passes --- */

static size_t image_at(query_images images, size_t at) { return images.items ? images.items[at] : at; }

/* How many of the list, from number `at` on, lie one after the other in the store. */
static size_t run_length(query_images images, size_t at) {
  size_t length = 1;
  while (length < QUERY_TILE && at + length < images.count &&
         image_at(images, at + length) == image_at(images, at) + length)
    length++;
  return length;
}

/* What was read and not yet let go: single rows are gathered, for each letting go is a call of the system. */
typedef struct kept {
  size_t low, high, rows;
} kept;

static void let_go(const berg_store *store, size_t part, kept *pages) {
  if (pages->rows) model_store_drop(store, part, pages->low, pages->high - pages->low);
  *pages = (kept){SIZE_MAX, 0, 0};
}

static void keep(kept *pages, size_t first, size_t count) {
  if (first < pages->low) pages->low = first;
  if (first + count > pages->high) pages->high = first + count;
  pages->rows += count;
}

/* The disk reads the next tile while this one is worked on. */
static void read_ahead(const berg_store *store, size_t part, query_images images, size_t at) {
  const model_store_part *p = &store->about.parts[part];
  if (images.items || at >= images.count) return;
  const size_t count = images.count - at < QUERY_TILE ? images.count - at : QUERY_TILE, row = p->width * sizeof(float);
  io_map_will_need(&p->map, (size_t)((const uint8_t *)p->scores - p->map.bytes) + at * row, count * row);
}

berg_status query_images_visit(const berg_store *store, size_t part, query_images images, base_team *team,
                               query_take take, void *user, berg_error *error) {
  kept pages = {SIZE_MAX, 0, 0};
  berg_status status = BERG_OK;
  for (size_t at = 0, count; at < images.count && !status; at += count) {
    const float *rows;
    const size_t first = image_at(images, at);
    count = run_length(images, at);
    read_ahead(store, part, images, at + count);
    status = model_store_rows(store, part, first, count, team, &rows, error);
    if (!status) status = take(user, at, rows, count, error);
    keep(&pages, first, count);
    if (pages.rows >= QUERY_TILE) let_go(store, part, &pages);
  }
  let_go(store, part, &pages);
  return status;
}

/* --- Lists --- */

static int ascending(const void *a, const void *b) {
  size_t x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return (x > y) - (x < y);
}

static berg_status fail_named(const berg_store *store, size_t image, const char *before, const char *after,
                              berg_error *error) {
  char *name;
  berg_status status = berg_store_name(&name, store, image, error);
  if (status) return status;
  status = base_fail(error, BERG_EPARAMETER, "%s: the image %s %s", before, name, after);
  base_free(name);
  return status;
}

berg_status query_images_sorted(const berg_store *store, const size_t *images, size_t count, const char *what,
                                size_t **sorted, berg_error *error) {
  *sorted = NULL;
  if (!count) return base_fail(error, BERG_EPARAMETER, "%s: there is no image in it", what);
  size_t *own = base_alloc(count, sizeof *own, error);
  if (!own) return BERG_ELIMIT;
  memcpy(own, images, count * sizeof *own);
  qsort(own, count, sizeof *own, ascending);
  berg_status status = own[count - 1] < store->about.images
                           ? BERG_OK
                           : base_fail(error, BERG_EARGUMENT, "%s: there is no image %zu among %zu", what,
                                       own[count - 1], store->about.images);
  for (size_t i = 1; i < count && !status; i++)
    if (own[i] == own[i - 1]) status = fail_named(store, own[i], what, "is there twice", error);
  if (status)
    base_free(own);
  else
    *sorted = own;
  return status;
}

berg_status query_images_apart(const berg_store *store, query_images a, const char *a_name, query_images b,
                               const char *b_name, berg_error *error) {
  for (size_t i = 0, j = 0; i < a.count && j < b.count;) {
    if (a.items[i] == b.items[j]) {
      char *both = base_format(error, "is in both %s and %s", a_name, b_name);
      berg_status status = both ? fail_named(store, a.items[i], "groups", both, error) : BERG_ELIMIT;
      base_free(both);
      return status;
    }
    if (a.items[i] < b.items[j])
      i++;
    else
      j++;
  }
  return BERG_OK;
}
