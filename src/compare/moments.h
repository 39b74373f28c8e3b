/* Statistics of two matrices of the same shape: two passes over both, block by block of rows, in float64.
 *
 * Sums go along columns in the order of the rows, whichever thread computes them and however large the blocks are, so
 * the results are the same bits for any number of threads. */
#ifndef COMPARE_MOMENTS_H
#define COMPARE_MOMENTS_H

#include "compare/rows.h"

/* A column of A beside that of B. Pairs are the rows where both are finite; sums are over pairs. */
typedef struct compare_column {
  double first_a, first_b;              /* of the first pair, which is subtracted: a constant has exactly no variance */
  double mean_a, mean_b;                /* of those differences */
  double aa, bb, ab;                    /* sums of squares and products of deviations from the means */
  double absolute, squares;             /* of a - b */
  double largest, largest_a, largest_b; /* |a - b| */
  size_t largest_row, unpaired_row;
  size_t pairs;
  size_t equal;                            /* values; NaN equals NaN */
  size_t beyond;                           /* the tolerances, unpaired values included */
  size_t nan_a, nan_b, nan_both, infinite; /* infinite in one, and not the same in the other */
} compare_column;

typedef struct compare_row {
  size_t row;
  double value;
} compare_row;

typedef struct compare_moments {
  size_t rows, columns;
  compare_column *column; /* [columns] */
  uint8_t *inside;        /* [columns] 1: counts; 0: a voxel of a volume that is 0 or NaN throughout */
  /* over rows, across the columns inside */
  compare_row largest_rms, lowest_correlation;
  double correlation_sum;
  size_t correlation_count;
} compare_moments;

typedef struct compare_limits {
  double atol, rtol; /* |a - b| <= atol + rtol |b| */
  bool are_volumes;  /* voxels that are 0 or NaN throughout, in both, are outside */
  int threads;
} compare_limits;

/* Shapes were found to be the same. ECANCELLED, EINPUT, ELIMIT. */
berg_status compare_moments_take(compare_moments *moments, compare_rows *a, compare_rows *b,
                                 const compare_limits *limits, const berg_run *run, berg_error *error);
void compare_moments_free(compare_moments *moments);

/* Pearson's r of a column; NaN where either has no variance. */
double compare_column_correlation(const compare_column *column);
/* Root of the mean square of a - b, and standard deviation of A; NaN without pairs. */
double compare_column_rms(const compare_column *column);
double compare_column_spread(const compare_column *column);

#endif
