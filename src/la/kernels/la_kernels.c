/* Products of rows with rows, both read along their length, and standardisation. Nothing has to be repacked: components
 * and regression weights are used where they lie in the mapped file. */
#include "la/kernels.h"

#include "base/vector.h"

/* Rows of x by rows of w held in registers at once: 4 x 6 accumulators of 16 lanes fill AVX-512's 32 registers, 2 x 3 of
 * two halves fill AVX2's 16. */
#if defined(__AVX512F__)
#define TILE_M 4
#define TILE_N 6
#else
#define TILE_M 2
#define TILE_N 3
#endif

INLINE v16 load_short(const char *from, size_t count) {
  v16 value = {0};
  memcpy(&value, from, count * sizeof(float));
  return value;
}

/* `m` <= TILE_M and `n` <= TILE_N are constants at every call, so that the loops over them unroll into registers. Each
 * accumulator sees its own products in order of k whatever m and n are. */
INLINE void tile(const size_t m, const size_t n, const float *x, size_t ldx, const char *w, size_t ldw, size_t k,
                 float *y, size_t ldy, const float *bias) {
  v16 sum[TILE_M][TILE_N];
#pragma GCC unroll 8
  for (size_t i = 0; i < m; i++)
#pragma GCC unroll 8
    for (size_t j = 0; j < n; j++) sum[i][j] = (v16){0};

  size_t whole = k / LANES * LANES;
  for (size_t p = 0; p < whole; p += LANES) {
    v16 row[TILE_M];
#pragma GCC unroll 8
    for (size_t i = 0; i < m; i++) row[i] = v16_load(x + i * ldx + p);
#pragma GCC unroll 8
    for (size_t j = 0; j < n; j++) {
      v16 column = v16_load(w + j * ldw + p * sizeof(float));
#pragma GCC unroll 8
      for (size_t i = 0; i < m; i++) sum[i][j] += row[i] * column;
    }
  }
  if (k > whole) {
#pragma GCC unroll 8
    for (size_t j = 0; j < n; j++) {
      v16 column = whole ? v16_load(w + j * ldw + (k - LANES) * sizeof(float)) : load_short(w + j * ldw, k);
#pragma GCC unroll 8
      for (size_t i = 0; i < m; i++) sum[i][j] += v16_load(x + i * ldx + whole) * column;
    }
  }
#pragma GCC unroll 8
  for (size_t i = 0; i < m; i++)
#pragma GCC unroll 8
    for (size_t j = 0; j < n; j++) y[i * ldy + j] = v16_sum(sum[i][j]) + (bias ? bias[j] : 0.0f);
}

/* All rows of x by `n` (a constant) rows of w. */
INLINE void column_strip(const size_t n, const float *x, size_t ldx, size_t m, const char *w, size_t ldw, size_t k,
                         float *y, size_t ldy, const float *bias) {
  size_t i = 0;
  for (; i + TILE_M <= m; i += TILE_M) tile(TILE_M, n, x + i * ldx, ldx, w, ldw, k, y + i * ldy, ldy, bias);
  for (; i < m; i++) tile(1, n, x + i * ldx, ldx, w, ldw, k, y + i * ldy, ldy, bias);
}

static void dot_rows(const float *x, size_t ldx, size_t m, const void *w, size_t ldw, size_t n, size_t k, float *y,
                     size_t ldy, const float *bias) {
  const char *rows = w;
  size_t j = 0;
  for (; j + TILE_N <= n; j += TILE_N)
    column_strip(TILE_N, x, ldx, m, rows + j * ldw, ldw, k, y + j, ldy, bias ? bias + j : NULL);
  for (; j < n; j++) column_strip(1, x, ldx, m, rows + j * ldw, ldw, k, y + j, ldy, bias ? bias + j : NULL);
}

static void standardise(const float *x, const float *high, const float *low, const float *reciprocal, size_t n,
                        float *z) {
  for (size_t i = 0; i < n; i += LANES)
    v16_store(z + i, ((v16_load(x + i) - v16_load(high + i)) - v16_load(low + i)) * v16_load(reciprocal + i));
}

extern const la_kernels KERNEL(la_kernels);
const la_kernels KERNEL(la_kernels) = {dot_rows, standardise};
