/* The quarters of the training trials that upstream fits models of their own to. */
#ifndef TRAIN_QUARTERS_H
#define TRAIN_QUARTERS_H

#include <stddef.h>

/* Upstream's permutation of `count` numbers (fewer than 2^32): that of NumPy's RandomState(20200220). Quarter k, from
 * 1, is its part of count / 4 from (k - 1) (count / 4) on, in this order; what is left over is in none. */
void train_permutation(size_t *order, size_t count);

#endif
