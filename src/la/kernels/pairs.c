/* Products of four rows by four rows, wherever they lie, and the correlation of two lists of numbers. */
#include "la/kernels/pairs.h"

#include <math.h>

#include "la/kernels.h"

/* Rows of b at a time: with 32 registers all four, with 16 two. */
#define ACROSS (VECTOR_REGISTERS == 32 ? LA_PAIRS : LA_PAIRS / 2)

/* sums[i] = the sum over the lanes of value[i], i < LA_PAIRS * ACROSS. */
#if VECTOR_BYTES == 64
/* Halves are folded and laid side by side until one vector holds all sixteen sums: 15 additions in place of 240. */
INLINE void sum_lanes(const vec *value, float *sums) {
  vec eight[8], four[4], two[2];
  UNROLL
  for (size_t i = 0; i < 8; i++)
    eight[i] =
        VEC_SHUFFLE(vec_int, value[i], value[i + 8], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
        VEC_SHUFFLE(vec_int, value[i], value[i + 8], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  UNROLL
  for (size_t i = 0; i < 4; i++)
    four[i] = VEC_SHUFFLE(vec_int, eight[i], eight[i + 4], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27) +
              VEC_SHUFFLE(vec_int, eight[i], eight[i + 4], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
  UNROLL
  for (size_t i = 0; i < 2; i++)
    two[i] = VEC_SHUFFLE(vec_int, four[i], four[i + 2], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
             VEC_SHUFFLE(vec_int, four[i], four[i + 2], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  vec_store(sums, VEC_SHUFFLE(vec_int, two[0], two[1], 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30) +
                      VEC_SHUFFLE(vec_int, two[0], two[1], 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31));
}
#else
INLINE void sum_lanes(const vec *value, float *sums) {
  for (size_t i = 0; i < LA_PAIRS * ACROSS; i++) sums[i] = vec_sum(value[i]);
}
#endif

INLINE void multiply(const float *const *a, const float *const *b, size_t n, float *sums) {
  vec sum[LA_PAIRS * ACROSS];
  UNROLL
  for (size_t i = 0; i < LA_PAIRS * ACROSS; i++) sum[i] = vec_all(0);
  for (size_t l = 0; l < n; l += LANES) {
    vec right[ACROSS];
    UNROLL
    for (size_t j = 0; j < ACROSS; j++) right[j] = vec_load(b[j] + l);
    UNROLL
    for (size_t i = 0; i < LA_PAIRS; i++) {
      const vec left = vec_load(a[i] + l);
      UNROLL
      for (size_t j = 0; j < ACROSS; j++) sum[i * ACROSS + j] += left * right[j];
    }
  }
  sum_lanes(sum, sums);
}

void KERNEL(la_pair_products)(const float *const *a, const float *const *b, size_t n, float *products) {
  for (size_t j = 0; j < LA_PAIRS; j += ACROSS) {
    float sums[LA_PAIRS * ACROSS];
    multiply(a, b + j, n, sums);
    for (size_t i = 0; i < LA_PAIRS; i++)
      for (size_t k = 0; k < ACROSS; k++) products[i * LA_PAIRS + j + k] = sums[i * ACROSS + k];
  }
}

double KERNEL(la_list_correlation)(const float *a, const float *b, size_t n) {
  const size_t whole = n / LANES * LANES;
  vec va = vec_all(0), vb = va, aa = va, bb = va, ab = va;
  for (size_t i = 0; i < whole; i += LANES) {
    va += vec_load(a + i);
    vb += vec_load(b + i);
  }
  double sa = (double)vec_sum(va), sb = (double)vec_sum(vb);
  for (size_t i = whole; i < n; i++) {
    sa += (double)a[i];
    sb += (double)b[i];
  }
  const float ma = (float)(sa / (double)n), mb = (float)(sb / (double)n);
  for (size_t i = 0; i < whole; i += LANES) {
    const vec x = vec_load(a + i) - ma, y = vec_load(b + i) - mb;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  double saa = (double)vec_sum(aa), sbb = (double)vec_sum(bb), sab = (double)vec_sum(ab);
  for (size_t i = whole; i < n; i++) {
    const double x = (double)a[i] - (double)ma, y = (double)b[i] - (double)mb;
    saa += x * x;
    sbb += y * y;
    sab += x * y;
  }
  return sab / sqrt(saa * sbb);
}
