/* Lists of images in order, and what two of them share. */
#include "query/subject/images.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

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
