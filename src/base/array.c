/* Shapes and strides of arrays: sizes, overlaps, descriptions. */
#include "base/array.h"

#include "base/memory.h"
#include "base/text.h"

static const struct {
  size_t bytes;
  const char *name;
} dtypes[] = {
    [BERG_BOOL] = {1, "bool"},   [BERG_U8] = {1, "uint8"},      [BERG_I8] = {1, "int8"},
    [BERG_U16] = {2, "uint16"},  [BERG_I16] = {2, "int16"},     [BERG_U32] = {4, "uint32"},
    [BERG_I32] = {4, "int32"},   [BERG_U64] = {8, "uint64"},    [BERG_I64] = {8, "int64"},
    [BERG_F16] = {2, "float16"}, [BERG_BF16] = {2, "bfloat16"}, [BERG_F32] = {4, "float32"},
    [BERG_F64] = {8, "float64"}, [BERG_STRING] = {8, "str"},    [BERG_UNICODE] = {0, "unicode"},
};

const char *berg_dtype_name(berg_dtype dtype) {
  return (size_t)dtype < sizeof dtypes / sizeof *dtypes ? dtypes[dtype].name : "unknown";
}

size_t base_dtype_size(berg_dtype dtype) {
  return (size_t)dtype < sizeof dtypes / sizeof *dtypes ? dtypes[dtype].bytes : 0;
}

bool base_array_count(const berg_array *array, size_t *count) {
  *count = 1;
  for (size_t d = 0; d < array->ndim; d++)
    if (!base_multiply(*count, array->shape[d], count)) return false;
  return true;
}

void base_array_set_strides(berg_array *array, bool fortran) {
  size_t step = array->itemsize; /* unsigned: a shape not yet checked may overflow it */
  for (size_t i = 0; i < array->ndim; i++) {
    size_t d = fortran ? i : array->ndim - 1 - i;
    array->strides[d] = (ptrdiff_t)step;
    step *= array->shape[d];
  }
}

bool base_array_is_contiguous(const berg_array *array) {
  ptrdiff_t step = (ptrdiff_t)array->itemsize;
  for (size_t i = array->ndim; i-- > 0;) {
    if (array->shape[i] != 1 && array->strides[i] != step) return false;
    step *= (ptrdiff_t)array->shape[i];
  }
  return true;
}

void base_array_describe(const berg_array *array, char *text, size_t size) {
  int used = base_print(text, size, "%s (", berg_dtype_name(array->dtype));
  for (size_t d = 0; d < array->ndim && used >= 0 && (size_t)used < size; d++)
    used += base_print(text + used, size - (size_t)used, d + 1 < array->ndim || array->ndim > 1 ? "%zu%s" : "%zu,%s",
                       array->shape[d], d + 1 < array->ndim ? ", " : "");
  if (used >= 0 && (size_t)used < size) base_print(text + used, size - (size_t)used, ")");
}
