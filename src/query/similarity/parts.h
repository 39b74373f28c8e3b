/* Which subject of a store is meant, and images by number. */
#ifndef QUERY_PARTS_H
#define QUERY_PARTS_H

#include "query/scores/points.h"

/* The part of that model, subject and training; NULL: whichever there is. EPARAMETER: none, or several. */
berg_status query_part_find(const berg_store *store, const char *model_id, const char *subject,
                            const char *train_splits, size_t *part, berg_error *error);

/* `list` [count], or (NULL) all images of the store. EARGUMENT: fewer than `least`, or one that is not there. */
berg_status query_images_of(const berg_store *store, const size_t *list, size_t count, size_t least,
                            query_images *images, berg_error *error);

#endif
