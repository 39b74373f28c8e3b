/* Sums down the columns of a matrix, in double: a lane a column, so that every column is summed row after row. */
#include "la/kernels/strip.h"

#include "la/kernels.h"

#define DOUBLES (VECTOR_BYTES / sizeof(double))
#define VECTORS (LA_STRIP / DOUBLES)

typedef double vec_double __attribute__((vector_size(VECTOR_BYTES)));
typedef double vec_double_anywhere __attribute__((vector_size(VECTOR_BYTES), aligned(8), may_alias));
typedef float vec_half __attribute__((vector_size(VECTOR_BYTES / 2)));
typedef float vec_half_anywhere __attribute__((vector_size(VECTOR_BYTES / 2), aligned(4), may_alias));

INLINE vec_double load_floats(const float *from) {
  return __builtin_convertvector(*(const vec_half_anywhere *)from, vec_double);
}
INLINE vec_double load_doubles(const double *from) { return *(const vec_double_anywhere *)from; }
INLINE void store_doubles(double *to, const vec_double values[VECTORS]) {
  for (size_t v = 0; v < VECTORS; v++) *(vec_double_anywhere *)(to + v * DOUBLES) = values[v];
}

void KERNEL(la_strip_sum)(const float *x, size_t ldx, size_t rows, double *sum) {
  vec_double total[VECTORS] = {{0}};
  for (size_t i = 0; i < rows; i++, x += ldx) UNROLL
  for (size_t v = 0; v < VECTORS; v++) total[v] += load_floats(x + v * DOUBLES);
  store_doubles(sum, total);
}

void KERNEL(la_strip_deviations)(const float *x, size_t ldx, size_t rows, const double *mean, double *deviation,
                                 double *square) {
  vec_double centre[VECTORS], first[VECTORS] = {{0}}, second[VECTORS] = {{0}};
  for (size_t v = 0; v < VECTORS; v++) centre[v] = load_doubles(mean + v * DOUBLES);
  for (size_t i = 0; i < rows; i++, x += ldx) UNROLL
  for (size_t v = 0; v < VECTORS; v++) {
    vec_double away = load_floats(x + v * DOUBLES) - centre[v];
    first[v] += away;
    second[v] += away * away;
  }
  store_doubles(deviation, first);
  store_doubles(square, second);
}

void KERNEL(la_strip_standardise)(float *x, size_t ldx, size_t rows, const double *mean, const double *scale,
                                  double *sum) {
  vec_double centre[VECTORS], divisor[VECTORS], total[VECTORS] = {{0}};
  for (size_t v = 0; v < VECTORS; v++) {
    centre[v] = load_doubles(mean + v * DOUBLES);
    divisor[v] = load_doubles(scale + v * DOUBLES);
  }
  for (size_t i = 0; i < rows; i++, x += ldx) UNROLL
  for (size_t v = 0; v < VECTORS; v++) {
    vec_half z = __builtin_convertvector((load_floats(x + v * DOUBLES) - centre[v]) / divisor[v], vec_half);
    *(vec_half_anywhere *)(x + v * DOUBLES) = z;
    total[v] += __builtin_convertvector(z, vec_double);
  }
  store_doubles(sum, total);
}

void KERNEL(la_strip_centre)(const float *x, size_t ldx, size_t rows, const double *mean, float *to, size_t ldto) {
  vec_double centre[VECTORS];
  for (size_t v = 0; v < VECTORS; v++) centre[v] = load_doubles(mean + v * DOUBLES);
  for (size_t i = 0; i < rows; i++, x += ldx, to += ldto) UNROLL
  for (size_t v = 0; v < VECTORS; v++)
    *(vec_half_anywhere *)(to + v * DOUBLES) =
        __builtin_convertvector(load_floats(x + v * DOUBLES) - centre[v], vec_half);
}
