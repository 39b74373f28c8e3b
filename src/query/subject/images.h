/* Some images of a store. */
#ifndef QUERY_IMAGES_H
#define QUERY_IMAGES_H

#include "model/store/store.h"

typedef struct query_images {
  const size_t *items; /* [count]; NULL: the first `count` of the store */
  size_t count;
} query_images;

/* An ascending copy, base_free. EARGUMENT: no such image. EPARAMETER: none; one that is there twice, with its name;
 * `what` is the list's name in messages. */
berg_status query_images_sorted(const berg_store *store, const size_t *images, size_t count, const char *what,
                                size_t **sorted, berg_error *error);

/* EPARAMETER naming an image that is in both of two ascending lists. */
berg_status query_images_apart(const berg_store *store, query_images a, const char *a_name, query_images b,
                               const char *b_name, berg_error *error);

#endif
