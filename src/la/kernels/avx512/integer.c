/* int8 products by AVX-512's VNNI: four products of bytes and their sum in one instruction. */
#include <immintrin.h>

#include "la/gemm.h"
#include "la/kernels/slab64.h"
#include "la/kernels/tile.h"

#define VECTORS (LA_PANEL / 16)

typedef struct columns {
  const char *values; /* [depth / 4][LA_PANEL][4] */
  const int32_t *offset;
  const float *scale;
} columns;

/* Sums are vectors of int: as __m512i, a vector of long long, gcc 12 writes each to the stack (570 instead of 1,400
 * GOP/s). */
INLINE vec_int add_quads(vec_int sum, vec_int x, vec_int w) {
  return (vec_int)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)x, (__m512i)w);
}

/* Four bytes of each row of x, from `at`, with four rows of the slab. */
INLINE void quad_step(const size_t rows, const uint8_t *x, size_t row_bytes, const char *values,
                      vec_int sum[LA_TILE_ROWS][VECTORS]) {
  vec_int w[VECTORS];
  UNROLL
  for (size_t j = 0; j < VECTORS; j++) memcpy(&w[j], values + j * 64, sizeof w[j]);
  UNROLL
  for (size_t i = 0; i < rows; i++) {
    int32_t four;
    memcpy(&four, x + i * row_bytes, sizeof four);
    const vec_int a = (vec_int)_mm512_set1_epi32(four);
    UNROLL
    for (size_t j = 0; j < VECTORS; j++) sum[i][j] = add_quads(sum[i][j], a, w[j]);
  }
}

/* The sums begin with -128 times those of the columns, since x is kept as x + 128. */
INLINE void tile_integer(const size_t rows, const la_product *product, const void *weights, size_t first, float *tile,
                         fetcher *fetch) {
  const columns *w = weights;
  const uint8_t *x = (const uint8_t *)product->x + first * product->row_bytes;
  const size_t quads = (product->depth + 3) / 4, row_bytes = product->row_bytes;
  vec_int sum[LA_TILE_ROWS][VECTORS];
  UNROLL
  for (size_t i = 0; i < rows; i++) UNROLL
  for (size_t j = 0; j < VECTORS; j++) memcpy(&sum[i][j], w->offset + j * 16, sizeof sum[i][j]);
  size_t q = 0;
  for (; q + STEP <= quads; q += STEP) {
    fetch_step(fetch);
#pragma GCC unroll 2
    for (size_t r = q; r < q + STEP; r++) quad_step(rows, x + 4 * r, row_bytes, w->values + r * 4 * LA_PANEL, sum);
  }
  for (; q < quads; q++) quad_step(rows, x + 4 * q, row_bytes, w->values + q * 4 * LA_PANEL, sum);
  UNROLL
  for (size_t i = 0; i < rows; i++) {
    const __m512 step = _mm512_set1_ps(product->scale[first + i]);
    UNROLL
    for (size_t j = 0; j < VECTORS; j++) {
      const __m512 scale = _mm512_mul_ps(step, _mm512_loadu_ps(w->scale + j * 16));
      _mm512_store_ps(tile + i * LA_PANEL + j * 16, _mm512_mul_ps(_mm512_cvtepi32_ps((__m512i)sum[i][j]), scale));
    }
  }
}

static void multiply(const la_product *product) {
  const size_t quads = (product->depth + 3) / 4;
  columns w = {.values = product->slab};
  w.offset = (const int32_t *)(const void *)(w.values + quads * 4 * LA_PANEL);
  w.scale = (const float *)(const void *)(w.offset + LA_PANEL);
  tile_all(product, &w, quads / STEP, tile_integer);
}

extern const la_gemm la_gemm_int8_avx512;
const la_gemm la_gemm_int8_avx512 = {SLAB64_INT8, .name = "int8 (avx512 vnni)", .load = KERNEL(la_load_int8),
                                     .load_fine = KERNEL(la_load_int8_fine), .multiply = multiply};
