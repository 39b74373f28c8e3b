/* bf16 products by NEON's BFMMLA: two rows by two columns of four numbers. */
#include <arm_neon.h>

#include "la/gemm.h"
#include "la/kernels/neon_matrix/blocks.h"
#include "la/kernels/slab64.h"

INLINE vec_int multiply_halves(vec_int sum, vec_int x, vec_int w) {
  return (vec_int)vbfmmlaq_f32((float32x4_t)sum, (bfloat16x8_t)x, (bfloat16x8_t)w);
}

INLINE void tile_halves(const size_t rows, const la_product *product, const void *weights, size_t first, float *tile,
                        fetcher *fetch) {
  const int32_t *arranged = weights;
  const char *x = (const char *)product->x + first * product->row_bytes;
  for (size_t c = 0; c < LA_PANEL; c += BLOCK_COLUMNS) {
    block_sums sum;
    UNROLL
    for (size_t i = 0; i < (rows + 1) / 2; i++) UNROLL
    for (size_t j = 0; j < COLUMN_PAIRS; j++) sum[i][j] = (vec_int){0};
    multiply_blocks(rows, x, product->row_bytes, arranged + 2 * c, (product->depth + 1) / 2, sum, fetch,
                    multiply_halves);
    UNROLL
    for (size_t i = 0; i < rows; i++) UNROLL
    for (size_t j = 0; j < COLUMN_PAIRS; j += 2)
      vec_store(tile + i * LA_PANEL + c + 2 * j, (vec)row_of_blocks(sum, i, j));
  }
}

static void multiply(const la_product *product) {
  const size_t pairs = (product->depth + 1) / 2;
  tile_all(product, arrange(product, pairs), pairs / STEP * (LA_PANEL / BLOCK_COLUMNS), tile_halves);
}

extern const la_gemm la_gemm_bf16_neon_matrix;
const la_gemm la_gemm_bf16_neon_matrix = {SLAB64_BF16, .name = "bf16 (neon_matrix)", .multiply = multiply};
