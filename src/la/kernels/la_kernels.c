/* Products of rows with rows, both read along their length, and standardisation. Nothing has to be repacked: components
 * and regression weights are used where they lie in the mapped file. */
#include "la/kernels.h"

#include "base/vector.h"
#include "la/kernels/double.h"
#include "la/kernels/strip.h"

/* Rows of x by rows of w held in registers at once: 4 x 6 accumulators of AVX-512's 32 registers, 4 x 3 of sixteen. */
#define TILE_M 4
#if defined(__AVX512F__)
#define TILE_N 6
#else
#define TILE_N 3
#endif

/* la_arrange_row arranges in sixteens, whatever the vector. */
#define BLOCK 16

/* The last k % 16 floats of a row of w as a whole block: with what comes before them where there is something, else padded. */
INLINE const char *last_block(const char *row, size_t k, size_t whole, float padded[BLOCK]) {
  if (whole) return row + (k - BLOCK) * sizeof(float);
  memset(padded, 0, BLOCK * sizeof *padded);
  memcpy(padded, row, k * sizeof *padded);
  return (const char *)padded;
}

/* `m` <= TILE_M and `n` <= TILE_N are constants at every call, so that the loops over them unroll into registers. Each
 * accumulator sees its own products in order of k whatever m and n are. */
INLINE void multiply_tile(const size_t m, const size_t n, const float *x, size_t ldx, const char *w, size_t ldw,
                          size_t k, vec sum[TILE_M * TILE_N]) {
#pragma GCC unroll 32
  for (size_t i = 0; i < m * n; i++) sum[i] = (vec){0};
  const size_t whole = k / BLOCK * BLOCK;
  for (size_t p = 0; p < whole; p += LANES) {
    vec row[TILE_M];
#pragma GCC unroll 8
    for (size_t i = 0; i < m; i++) row[i] = vec_load(x + i * ldx + p);
#pragma GCC unroll 8
    for (size_t j = 0; j < n; j++) {
      vec column = vec_load(w + j * ldw + p * sizeof(float));
#pragma GCC unroll 8
      for (size_t i = 0; i < m; i++) sum[i * n + j] += row[i] * column;
    }
  }
  if (k == whole) return;
#pragma GCC unroll 8
  for (size_t j = 0; j < n; j++) {
    float padded[BLOCK];
    const char *from = last_block(w + j * ldw, k, whole, padded);
    for (size_t p = 0; p < BLOCK; p += LANES) {
      vec column = vec_load(from + p * sizeof(float));
#pragma GCC unroll 8
      for (size_t i = 0; i < m; i++) sum[i * n + j] += vec_load(x + i * ldx + whole + p) * column;
    }
  }
}

INLINE void tile(const size_t m, const size_t n, const float *x, size_t ldx, const char *w, size_t ldw, size_t k,
                 float *y, size_t ldy, const float *bias) {
  vec sum[TILE_M * TILE_N];
  float total[TILE_M * TILE_N];
  multiply_tile(m, n, x, ldx, w, ldw, k, sum);
  size_t done = 0;
#if VECTOR_BYTES == 64
  if (m * n == 24) { /* the tile that nearly all work is in: two transposed reductions that overlap */
    vec_sum_16(sum, total);
    vec_sum_16(sum + 8, total + 8);
    done = 24;
  }
#endif
#pragma GCC unroll 32
  for (size_t i = done; i < m * n; i++) total[i] = vec_sum(sum[i]);
#pragma GCC unroll 8
  for (size_t i = 0; i < m; i++)
#pragma GCC unroll 8
    for (size_t j = 0; j < n; j++) y[i * ldy + j] = total[i * n + j] + (bias ? bias[j] : 0.0f);
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

static void store(const void *user, const float *tile, size_t first, size_t rows) {
  const la_output *o = user;
  const size_t whole = o->columns / LANES * LANES;
  for (size_t r = 0; r < rows; r++, tile += LA_PANEL) {
    float *to = o->to + (first + r) * o->ld;
    for (size_t c = 0; c < whole; c += LANES) vec_store(to + c, vec_load(tile + c) + vec_load(o->bias + c));
    for (size_t c = whole; c < o->columns; c++) to[c] = tile[c] + o->bias[c];
  }
}

static void store_pairs(const void *user, const float *tile, size_t first, size_t rows) {
  float one[LA_TILE_ROWS / 2 * LA_PANEL];
  for (size_t r = 0; r < rows / 2; r++)
    for (size_t c = 0; c < LA_PANEL; c += LANES)
      vec_store(one + r * LA_PANEL + c,
                vec_load(tile + 2 * r * LA_PANEL + c) + vec_load(tile + (2 * r + 1) * LA_PANEL + c));
  store(user, one, first / 2, rows / 2);
}

static void sum(const void *user, const float *tile, size_t first, size_t rows) {
  const la_sums *o = user;
  for (size_t r = 0; r < rows; r++, tile += LA_PANEL) {
    double *to = o->to + (first + r) * o->ld;
    for (size_t c = 0; c < o->columns; c++) to[c] += tile[c];
  }
}

static void standardise(const float *x, const float *high, const float *low, const float *reciprocal, size_t n,
                        float *z) {
  for (size_t i = 0; i < n; i += LANES)
    vec_store(z + i, ((vec_load(x + i) - vec_load(high + i)) - vec_load(low + i)) * vec_load(reciprocal + i));
}

/* Twelve sums hide the latency of a multiplication: 4 or 5 cycles, two begun in each. */
#define INDEPENDENT 12

static double multiply_registers(size_t rounds, float *sink) {
  vec sum[INDEPENDENT], factor = vec_all(0.5f) + vec_load(sink), term = vec_all(0.25f) + vec_load(sink);
#pragma GCC unroll 16
  for (size_t i = 0; i < INDEPENDENT; i++) sum[i] = vec_all((float)i) + vec_load(sink);
  for (size_t r = 0; r < rounds; r++) {
#pragma GCC unroll 16
    for (size_t i = 0; i < INDEPENDENT; i++) sum[i] = sum[i] * factor + term;
  }
#pragma GCC unroll 16
  for (size_t i = 1; i < INDEPENDENT; i++) sum[0] += sum[i];
  vec_store(sink, sum[0]);
  return 2.0 * INDEPENDENT * LANES * (double)rounds;
}

extern const la_kernels KERNEL(la_kernels);
const la_kernels KERNEL(la_kernels) = {store,
                                       store_pairs,
                                       sum,
                                       dot_rows,
                                       standardise,
                                       KERNEL(la_strip_sum),
                                       KERNEL(la_strip_deviations),
                                       KERNEL(la_strip_standardise),
                                       multiply_registers,
                                       KERNEL(la_double_tile)};
