/* int8 products by AVX-VNNI, which processors without AVX-512 have: AVX-512's instruction on half as many lanes. */
#include <immintrin.h>

#include "la/gemm.h"
#include "la/kernels/slab64.h"
#include "la/kernels/tile.h"

/* The tests take AVX-512's coding of the instruction, with the same bits, on processors that lack this one. Vectors are
 * 256 bits long in both. */
#ifdef __AVXVNNI__
#define ADD_QUADS _mm256_dpbusd_avx_epi32
#else
#define ADD_QUADS _mm256_dpbusd_epi32
#endif
typedef int32_t ints __attribute__((vector_size(32)));
typedef float floats __attribute__((vector_size(32)));

/* Columns of a vector, and vectors of a tile: with six rows twelve sums, which with two of the slab and one of a row
 * leave one register of sixteen. */
#define EIGHT 8
#define VECTORS 2

typedef struct columns {
  const char *values; /* [depth / 4][LA_PANEL][4] */
  const int32_t *offset;
  const float *scale;
} columns;

/* Four bytes of each row of x, from `at`, with four rows of the slab. */
INLINE void quad_step(const size_t rows, const uint8_t *x, size_t row_bytes, const char *values,
                      ints sum[LA_TILE_ROWS][VECTORS]) {
  ints w[VECTORS];
  UNROLL
  for (size_t j = 0; j < VECTORS; j++) memcpy(&w[j], values + j * sizeof w[j], sizeof w[j]);
  UNROLL
  for (size_t i = 0; i < rows; i++) {
    int32_t four;
    memcpy(&four, x + i * row_bytes, sizeof four);
    const __m256i a = _mm256_set1_epi32(four);
    UNROLL
    for (size_t j = 0; j < VECTORS; j++) sum[i][j] = (ints)ADD_QUADS((__m256i)sum[i][j], a, (__m256i)w[j]);
  }
}

INLINE void store(const size_t rows, ints sum[LA_TILE_ROWS][VECTORS], const float *steps, const float *scale,
                  float *tile) {
  UNROLL
  for (size_t i = 0; i < rows; i++) UNROLL
  for (size_t j = 0; j < VECTORS; j++) {
    floats y;
    memcpy(&y, scale + j * EIGHT, sizeof y);
    y = __builtin_convertvector(sum[i][j], floats) * (steps[i] * y);
    memcpy(tile + i * LA_PANEL + j * EIGHT, &y, sizeof y);
  }
}

/* The sums begin with -128 times those of the columns, since x is kept as x + 128. */
INLINE void tile_integer(const size_t rows, const la_product *product, const void *weights, size_t first, float *tile,
                         fetcher *fetch) {
  const columns *w = weights;
  const uint8_t *x = (const uint8_t *)product->x + first * product->row_bytes;
  const size_t quads = (product->depth + 3) / 4, row_bytes = product->row_bytes;
  for (size_t c = 0; c < LA_PANEL; c += VECTORS * EIGHT) {
    const char *values = w->values + 4 * c;
    ints sum[LA_TILE_ROWS][VECTORS];
    UNROLL
    for (size_t i = 0; i < rows; i++) UNROLL
    for (size_t j = 0; j < VECTORS; j++) memcpy(&sum[i][j], w->offset + c + j * EIGHT, sizeof sum[i][j]);
    size_t q = 0;
    for (; q + STEP <= quads; q += STEP) {
      fetch_step(fetch);
#pragma GCC unroll 2
      for (size_t r = q; r < q + STEP; r++) quad_step(rows, x + 4 * r, row_bytes, values + r * 4 * LA_PANEL, sum);
    }
    for (; q < quads; q++) quad_step(rows, x + 4 * q, row_bytes, values + q * 4 * LA_PANEL, sum);
    store(rows, sum, product->scale + first, w->scale + c, tile + c);
  }
}

static void multiply(const la_product *product) {
  const size_t quads = (product->depth + 3) / 4;
  columns w = {.values = product->slab};
  w.offset = (const int32_t *)(const void *)(w.values + quads * 4 * LA_PANEL);
  w.scale = (const float *)(const void *)(w.offset + LA_PANEL);
  tile_all(product, &w, quads / STEP * (LA_PANEL / (VECTORS * EIGHT)), tile_integer);
}

extern const la_gemm KERNEL(la_gemm_int8);
const la_gemm KERNEL(la_gemm_int8) = {SLAB64_INT8, .name = "int8 (avx2 vnni)", .load = KERNEL(la_load_int8),
                                      .load_fine = KERNEL(la_load_int8_fine), .multiply = multiply};
