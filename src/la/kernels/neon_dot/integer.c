/* int8 products by NEON's SDOT: four products of bytes and their sum in each lane, by four bytes of a row. */
#include <arm_neon.h>

#include "la/gemm.h"
#include "la/kernels/slab64.h"
#include "la/kernels/tile.h"

typedef struct columns {
  const char *values; /* [depth / 4][LA_PANEL][4] */
  const float *scale;
} columns;

/* The instruction takes the lane as a constant. */
INLINE vec_int add_quads(vec_int sum, int8x16_t w, int8x16_t x, const size_t lane) {
  switch (lane) {
  case 0: return (vec_int)vdotq_laneq_s32((int32x4_t)sum, w, x, 0);
  case 1: return (vec_int)vdotq_laneq_s32((int32x4_t)sum, w, x, 1);
  case 2: return (vec_int)vdotq_laneq_s32((int32x4_t)sum, w, x, 2);
  default: return (vec_int)vdotq_laneq_s32((int32x4_t)sum, w, x, 3);
  }
}

/* 4 * `quads` bytes of each row of x, of which its vectors have as many, with as many rows of the slab. */
INLINE void multiply_quads(const size_t rows, const int8x16_t x[LA_TILE_ROWS], const char *values, const size_t quads,
                           vec_int sum[LA_TILE_ROWS][TILE_VECTORS]) {
  UNROLL
  for (size_t q = 0; q < quads; q++) UNROLL
  for (size_t j = 0; j < TILE_VECTORS; j++) {
    const int8x16_t w = vld1q_s8((const int8_t *)values + q * 4 * LA_PANEL + j * 16);
    UNROLL
    for (size_t i = 0; i < rows; i++) sum[i][j] = add_quads(sum[i][j], w, x[i], q);
  }
}

INLINE void four_quads(const size_t rows, const char *x, size_t row_bytes, const char *values,
                       vec_int sum[LA_TILE_ROWS][TILE_VECTORS]) {
  int8x16_t a[LA_TILE_ROWS];
  UNROLL
  for (size_t i = 0; i < rows; i++) a[i] = vld1q_s8((const int8_t *)x + i * row_bytes);
  multiply_quads(rows, a, values, LANES, sum);
}

INLINE void one_quad(const size_t rows, const char *x, size_t row_bytes, const char *values,
                     vec_int sum[LA_TILE_ROWS][TILE_VECTORS]) {
  int8x16_t a[LA_TILE_ROWS];
  UNROLL
  for (size_t i = 0; i < rows; i++) {
    int32_t four;
    memcpy(&four, x + i * row_bytes, sizeof four);
    a[i] = (int8x16_t)vdupq_n_s32(four);
  }
  multiply_quads(rows, a, values, 1, sum);
}

INLINE void tile_integer(const size_t rows, const la_product *product, const void *weights, size_t first, float *tile,
                         fetcher *fetch) {
  const columns *w = weights;
  const char *x = (const char *)product->x + first * product->row_bytes;
  const size_t quads = (product->depth + 3) / 4, row_bytes = product->row_bytes;
  for (size_t c = 0; c < LA_PANEL; c += TILE_COLUMNS) {
    const char *values = w->values + 4 * c;
    vec_int sum[LA_TILE_ROWS][TILE_VECTORS];
    UNROLL
    for (size_t i = 0; i < rows; i++) UNROLL
    for (size_t j = 0; j < TILE_VECTORS; j++) sum[i][j] = (vec_int){0};
    size_t q = 0;
    for (; q + STEP <= quads; q += STEP) {
      fetch_step(fetch);
      for (size_t r = q; r < q + STEP; r += LANES)
        four_quads(rows, x + 4 * r, row_bytes, values + r * 4 * LA_PANEL, sum);
    }
    for (; q < quads; q++) one_quad(rows, x + 4 * q, row_bytes, values + q * 4 * LA_PANEL, sum);
    UNROLL
    for (size_t i = 0; i < rows; i++) UNROLL
    for (size_t j = 0; j < TILE_VECTORS; j++)
      vec_store(tile + i * LA_PANEL + c + j * LANES,
                __builtin_convertvector(sum[i][j], vec) *
                    (product->scale[first + i] * vec_load(w->scale + c + j * LANES)));
  }
}

static void multiply(const la_product *product) {
  const size_t quads = (product->depth + 3) / 4;
  columns w = {.values = product->slab};
  w.scale = (const float *)(const void *)(w.values + quads * 4 * LA_PANEL + LA_PANEL * sizeof(int32_t));
  tile_all(product, &w, quads / STEP * (LA_PANEL / TILE_COLUMNS), tile_integer);
}

/* Both factors of these products are signed: 128 is taken from the bytes that the other engines keep. */
static void make_signed(size_t k, char *row) {
  for (size_t p = 0; p < (k + 3) / 4 * 4; p++) row[p] ^= (char)0x80;
}

static void load(const float *x, size_t k, void *row, float *scale) {
  KERNEL(la_load_int8)(x, k, row, scale);
  make_signed(k, row);
}

static void load_fine(const float *x, size_t k, void *rows, float *scales) {
  KERNEL(la_load_int8_fine)(x, k, rows, scales);
  make_signed(k, rows);
  make_signed(k, (char *)rows + la_row_of_bytes(k));
}

extern const la_gemm la_gemm_int8_neon_dot;
const la_gemm la_gemm_int8_neon_dot = {SLAB64_INT8, .name = "int8 (neon_dot)", .load = load, .load_fine = load_fine,
                                       .multiply = multiply};
