/* Means and variances of the columns of a matrix, and standardising it in place. */
#ifndef LA_MOMENTS_H
#define LA_MOMENTS_H

#include <stdbool.h>

#include "la/kernels.h"

/* A block of columns in memory, float32 [rows][ld]; `ld` a multiple of LA_STRIP, zero beyond `columns`. */
typedef struct la_block {
  float *values;
  size_t rows, columns, ld;
} la_block;

/* [columns] each. `z_mean` (may be NULL): the mean of what the columns became. */
typedef struct la_moments {
  double *mean, *variance, *scale, *z_mean;
} la_moments;

/* Moments as scikit-learn's StandardScaler.fit has them: sums in double row by row, the variance (of all rows, not one
 * less) in a second pass that corrects for the rounding of the mean (Chan, Golub & LeVeque 1983), scale the standard
 * deviation, 1 where the column is constant up to rounding: variance <= n eps variance + (n mean eps)^2. Not
 * `standardise`: every scale is 1. `offsets` (NULL: none) was subtracted from the columns beforehand: it counts in the
 * mean of the test for constancy, but not in the mean returned.
 *
 * Then x becomes (x - mean) / scale, in double, rounded once. Returns the first column with a value that is not finite
 * (the block is then undefined), or `columns`. Bits do not depend on `threads`. */
size_t la_moments_fit(const la_kernels *kernels, const la_block *block, const double *offsets, bool standardise,
                      int threads, const la_moments *moments);
/* The last step alone, with moments fitted before. */
void la_moments_apply(const la_kernels *kernels, const la_block *block, const la_moments *moments, int threads);

#endif
