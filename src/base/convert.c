/* Numbers of any type to float and double, element by element. */
#include "base/convert.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

bool base_is_numeric(berg_dtype dtype) { return dtype != BERG_STRING && dtype != BERG_UNICODE; }

/* IEEE 754 binary16. */
static double half_to_double(uint16_t half) {
  int exponent = half >> 10 & 31, fraction = half & 1023;
  double size = exponent == 31 ? (fraction ? NAN : INFINITY)
                : exponent     ? ldexp(1024 + fraction, exponent - 25)
                               : ldexp(fraction, -24);
  return half & 0x8000 ? -size : size;
}

/* bfloat16 is the upper half of a float. */
static double brain_to_double(uint16_t brain) {
  uint32_t bits = (uint32_t)brain << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

#define READ(type)                      \
  {                                     \
    type value;                         \
    memcpy(&value, from, sizeof value); \
    return (double)value;               \
  }

double base_read_number(berg_dtype dtype, const void *from) {
  uint16_t bits;
  switch (dtype) {
  case BERG_BOOL: return *(const uint8_t *)from != 0;
  case BERG_U8: READ(uint8_t)
  case BERG_I8: READ(int8_t)
  case BERG_U16: READ(uint16_t)
  case BERG_I16: READ(int16_t)
  case BERG_U32: READ(uint32_t)
  case BERG_I32: READ(int32_t)
  case BERG_U64: READ(uint64_t)
  case BERG_I64: READ(int64_t)
  case BERG_F32: READ(float)
  case BERG_F64: READ(double)
  case BERG_F16: memcpy(&bits, from, sizeof bits); return half_to_double(bits);
  case BERG_BF16: memcpy(&bits, from, sizeof bits); return brain_to_double(bits);
  default: return NAN;
  }
}

bool base_is_whole(berg_dtype dtype) { return dtype >= BERG_U8 && dtype <= BERG_I64; }

int64_t base_read_whole(berg_dtype dtype, const void *from) {
  if (dtype != BERG_I64 && dtype != BERG_U64) return (int64_t)base_read_number(dtype, from);
  int64_t value;
  memcpy(&value, from, sizeof value);
  return value;
}

static float float_at(const char *from) {
  float value;
  memcpy(&value, from, sizeof value);
  return value;
}

static double double_at(const char *from) {
  double value;
  memcpy(&value, from, sizeof value);
  return value;
}

/* Rows of the most common types, without a call for each number; both return the end of what they wrote. */
static float *row_to_float(berg_dtype dtype, const char *from, ptrdiff_t step, size_t count, float *to) {
  if (dtype == BERG_F32 && step == sizeof *to && count)
    memcpy(to, from, count * sizeof *to);
  else if (dtype == BERG_F32)
    for (size_t i = 0; i < count; i++) to[i] = float_at(from + (ptrdiff_t)i * step);
  else
    for (size_t i = 0; i < count; i++) to[i] = (float)double_at(from + (ptrdiff_t)i * step);
  return to + count;
}

static double *row_to_double(berg_dtype dtype, const char *from, ptrdiff_t step, size_t count, double *to) {
  if (dtype == BERG_F64 && step == sizeof *to && count)
    memcpy(to, from, count * sizeof *to);
  else if (dtype == BERG_F64)
    for (size_t i = 0; i < count; i++) to[i] = double_at(from + (ptrdiff_t)i * step);
  else
    for (size_t i = 0; i < count; i++) to[i] = (double)float_at(from + (ptrdiff_t)i * step);
  return to + count;
}

/* Walks the array row by row, a row being its last dimension. Exactly one of the two outputs is given. */
static void walk(const berg_array *array, size_t dimension, const char *from, float **floats, double **doubles) {
  if (dimension == array->ndim) {
    double value = base_read_number(array->dtype, from);
    if (floats) *(*floats)++ = (float)value;
    if (doubles) *(*doubles)++ = value;
    return;
  }
  size_t count = array->shape[dimension];
  ptrdiff_t step = array->strides[dimension];
  if (dimension + 1 == array->ndim && (array->dtype == BERG_F32 || array->dtype == BERG_F64)) {
    if (floats) *floats = row_to_float(array->dtype, from, step, count, *floats);
    if (doubles) *doubles = row_to_double(array->dtype, from, step, count, *doubles);
    return;
  }
  for (size_t i = 0; i < count; i++, from += step) walk(array, dimension + 1, from, floats, doubles);
}

void base_convert_to_float(const berg_array *array, float *out) { walk(array, 0, array->data, &out, NULL); }

void base_convert_to_double(const berg_array *array, double *out) { walk(array, 0, array->data, NULL, &out); }
