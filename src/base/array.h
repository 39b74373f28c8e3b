/* Sizes, strides and descriptions of a berg_array, for every module. */
#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

#include <stdbool.h>

#include "berg.h"

/* Bytes of one element; 0 for UNICODE, whose element size belongs to the array. */
size_t base_dtype_size(berg_dtype dtype);
/* Number of elements; false when the product of the shape does not fit. A scalar has 1. */
bool base_array_count(const berg_array *array, size_t *count);
/* Sets strides for C order (last dimension fastest) or Fortran order. */
void base_array_set_strides(berg_array *array, bool fortran);
/* Whether elements lie without gaps in C order. */
bool base_array_is_contiguous(const berg_array *array);
/* "float32 (250, 460800)" into `text`. */
void base_array_describe(const berg_array *array, char *text, size_t size);

#endif
