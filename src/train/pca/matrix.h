/* Features in memory as panels: any strides, float32 or float64. */
#ifndef TRAIN_MATRIX_H
#define TRAIN_MATRIX_H

#include "train/pca/panels.h"

typedef struct train_matrix {
  const berg_array *array; /* [rows][columns], borrowed */
  double *offsets; /* of float64 features: their first row, so that a huge mean does not cost the digits of float32 */
  train_panels panels;
} train_matrix;

/* Panels as wide as the store's, whatever the memory, so that it does not decide any bits; one alone where there are
 * fewer columns than rows, for the sake of train_pca_fit. The array has been checked. ELIMIT. */
berg_status train_matrix_open(train_matrix *matrix, const berg_array *array, berg_error *error);
void train_matrix_close(train_matrix *matrix);

/* Columns [first, first + number) of an array [rows][columns], float32 or float64, less `offsets` (of these columns;
 * NULL: none), as float32 [rows][number]. */
void train_matrix_copy(const berg_array *array, size_t first, size_t number, const double *offsets, float *to);
/* The first row of columns [first, first + number) of a float64 array, 0 for a float32 one. */
void train_matrix_first_row(const berg_array *array, size_t first, size_t number, double *to);

#endif
