/* Some images of a store, and a pass over their scores. */
#ifndef QUERY_IMAGES_H
#define QUERY_IMAGES_H

#include "base/team.h"
#include "model/store/store.h"

/* Rows that are read as one piece: a megabyte, which stays in cache between the checks and what follows. */
#define QUERY_TILE ((size_t)1024)

typedef struct query_images {
  const size_t *items; /* [count]; NULL: the first `count` of the store */
  size_t count;
} query_images;

/* Takes `count` rows of scores, one after the other, which are those of images number `at` on of the list. */
typedef berg_status (*query_take)(void *user, size_t at, const float *rows, size_t count, berg_error *error);

/* Calls `take` with all rows of the images, in order, at most QUERY_TILE at a time, after checking them; their pages are
 * let go. EINPUT: a damaged row; and what `take` says. */
berg_status query_images_visit(const berg_store *store, size_t part, query_images images, base_team *team,
                               query_take take, void *user, berg_error *error);

/* An ascending copy, base_free. EARGUMENT: no such image. EPARAMETER: none; one that is there twice, with its name;
 * `what` is the list's name in messages. */
berg_status query_images_sorted(const berg_store *store, const size_t *images, size_t count, const char *what,
                                size_t **sorted, berg_error *error);

/* EPARAMETER naming an image that is in both of two ascending lists. */
berg_status query_images_apart(const berg_store *store, query_images a, const char *a_name, query_images b,
                               const char *b_name, berg_error *error);

#endif
