/* Mean, spread and covariance of the scores of a store, over all its images or some. */
#ifndef QUERY_MOMENTS_H
#define QUERY_MOMENTS_H

#include "model/store/store.h"

/* Over `images` [count] of a part (NULL: the first `count`), which are checked as model_store_rows does: `mean`
 * [width], `spread` [width], the standard deviation with divisor count - 1 (0 for one image), and unless NULL
 * `covariance` [width][width] with the same divisor. In double, about the mean, over fixed blocks: bits do not depend
 * on threads. EARGUMENT: no image, or one that is not there; EINPUT: scores that are damaged; ELIMIT; ECANCELLED:
 * `run`, which is asked in each block, may be NULL. */
berg_status query_moments(const berg_store *store, size_t part, const size_t *images, size_t count, int threads,
                          const berg_run *run, double *mean, double *spread, double *covariance, berg_error *error);

/* `count` rows of a part, one after the other: those of `images`, or with NULL from `first` on, checked. They lie in
 * the store itself, or are gathered in `gathered` [count][width]. */
berg_status query_scores(const berg_store *store, size_t part, const size_t *images, size_t first, size_t count,
                         base_team *team, float *gathered, const float **rows, berg_error *error);

#endif
