/* A matrix in memory as panels. */
#include "train/pca/matrix.h"

#include <string.h>

#include "base/convert.h"
#include "base/memory.h"

/* As wide as the store's; wider panels do not multiply faster. */
#define WIDEST 3840

static berg_array columns_of(const berg_array *array, size_t first, size_t number) {
  berg_array part = *array;
  part.shape[1] = number;
  part.data = (const char *)array->data + (ptrdiff_t)first * array->strides[1];
  return part;
}

void train_matrix_copy(const berg_array *array, size_t first, size_t number, const double *offsets, float *to) {
  const berg_array part = columns_of(array, first, number);
  if (!offsets) {
    base_convert_to_float(&part, to);
    return;
  }
  for (size_t i = 0; i < part.shape[0]; i++) {
    const char *row = (const char *)part.data + (ptrdiff_t)i * part.strides[0];
    for (size_t j = 0; j < number; j++)
      *to++ = (float)(base_read_number(part.dtype, row + (ptrdiff_t)j * part.strides[1]) - offsets[j]);
  }
}

void train_matrix_first_row(const berg_array *array, size_t first, size_t number, double *to) {
  const berg_array part = columns_of(array, first, number);
  for (size_t j = 0; j < number; j++)
    to[j] = part.dtype == BERG_F64
                ? base_read_number(part.dtype, (const char *)part.data + (ptrdiff_t)j * part.strides[1])
                : 0;
}

static berg_status read_panel(void *user, size_t index, float *to, berg_error *error) {
  const train_matrix *matrix = user;
  const size_t first = index * matrix->panels.width;
  (void)error;
  train_matrix_copy(matrix->array, first, train_panel_width(&matrix->panels, index),
                    matrix->offsets ? matrix->offsets + first : NULL, to);
  return BERG_OK;
}

static size_t choose_width(size_t rows, size_t columns) {
  return columns < rows || columns < WIDEST ? columns : WIDEST;
}

berg_status train_matrix_open(train_matrix *matrix, const berg_array *array, berg_error *error) {
  const size_t rows = array->shape[0], columns = array->shape[1];
  *matrix = (train_matrix){.array = array};
  if (array->dtype == BERG_F64) {
    matrix->offsets = base_alloc(columns, sizeof *matrix->offsets, error);
    if (!matrix->offsets) return BERG_ELIMIT;
    train_matrix_first_row(array, 0, columns, matrix->offsets);
  }
  matrix->panels = (train_panels){rows, columns, choose_width(rows, columns), read_panel, matrix, matrix->offsets};
  return BERG_OK;
}

void train_matrix_close(train_matrix *matrix) {
  base_free(matrix->offsets);
  memset(matrix, 0, sizeof *matrix);
}
