/* Numbers of any type to float, in C order. */
#ifndef BASE_CONVERT_H
#define BASE_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "berg.h"

/* Whether the elements are numbers that the functions below take: all but STRING and UNICODE. */
bool base_is_numeric(berg_dtype dtype);
/* Whether they are whole numbers; truth values are not. */
bool base_is_whole(berg_dtype dtype);
/* All elements of `array` (any strides) to `out`, C order; values beyond float's range become infinite. */
void base_convert_to_float(const berg_array *array, float *out);
void base_convert_to_double(const berg_array *array, double *out);
/* The one element at `from`. */
double base_read_number(berg_dtype dtype, const void *from);
/* The same of whole numbers; one that is beyond int64 comes out negative. */
int64_t base_read_whole(berg_dtype dtype, const void *from);

#endif
