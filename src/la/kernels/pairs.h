/* Products of pairs of rows that lie anywhere, and the correlation of two lists: what a search over sets of images asks
 * for millions of times. */
#ifndef LA_KERNELS_PAIRS_H
#define LA_KERNELS_PAIRS_H

#include "base/vector.h"

void KERNEL(la_pair_products)(const float *const *a, const float *const *b, size_t n, float *products);
double KERNEL(la_list_correlation)(const float *a, const float *b, size_t n);

#endif
