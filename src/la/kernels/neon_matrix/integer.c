/* int8 products by NEON's USMMLA: two rows by two columns of eight bytes. */
#include <arm_neon.h>

#include "la/gemm.h"
#include "la/kernels/neon_matrix/blocks.h"
#include "la/kernels/slab64.h"

typedef struct columns {
  const int32_t *arranged;
  const int32_t *offset;
  const float *scale;
} columns;

INLINE vec_int multiply_bytes(vec_int sum, vec_int x, vec_int w) {
  return (vec_int)vusmmlaq_s32((int32x4_t)sum, (uint8x16_t)x, (int8x16_t)w);
}

/* The sums begin with -128 times those of the columns, since x is kept as x + 128. */
INLINE void tile_integer(const size_t rows, const la_product *product, const void *weights, size_t first, float *tile,
                         fetcher *fetch) {
  const columns *w = weights;
  const char *x = (const char *)product->x + first * product->row_bytes;
  for (size_t c = 0; c < LA_PANEL; c += BLOCK_COLUMNS) {
    block_sums sum;
    UNROLL
    for (size_t i = 0; i < (rows + 1) / 2; i++) UNROLL
    for (size_t j = 0; j < COLUMN_PAIRS; j++) {
      const int32x2_t offset = vld1_s32(w->offset + c + 2 * j);
      sum[i][j] = (vec_int)vcombine_s32(offset, offset);
    }
    multiply_blocks(rows, x, product->row_bytes, w->arranged + 2 * c, (product->depth + 3) / 4, sum, fetch,
                    multiply_bytes);
    UNROLL
    for (size_t i = 0; i < rows; i++) UNROLL
    for (size_t j = 0; j < COLUMN_PAIRS; j += 2)
      vec_store(tile + i * LA_PANEL + c + 2 * j, __builtin_convertvector(row_of_blocks(sum, i, j), vec) *
                                                     (product->scale[first + i] * vec_load(w->scale + c + 2 * j)));
  }
}

static void multiply(const la_product *product) {
  const size_t quads = (product->depth + 3) / 4;
  columns w = {.arranged = arrange(product, quads)};
  w.offset = (const int32_t *)product->slab + quads * LA_PANEL;
  w.scale = (const float *)(const void *)(w.offset + LA_PANEL);
  tile_all(product, &w, quads / STEP * (LA_PANEL / BLOCK_COLUMNS), tile_integer);
}

extern const la_gemm la_gemm_int8_neon_matrix;
const la_gemm la_gemm_int8_neon_matrix = {SLAB64_INT8, .name = "int8 (neon_matrix)", .load = KERNEL(la_load_int8),
                                          .load_fine = KERNEL(la_load_int8_fine), .multiply = multiply};
