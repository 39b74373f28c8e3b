/* bf16 products by AVX512_BF16: two products and their sum in one instruction. */
#include <immintrin.h>

#include "la/gemm.h"
#include "la/kernels/slab64.h"
#include "la/kernels/tile.h"

/* Two numbers of each row of x with two rows of the slab. */
INLINE void pair_step(const size_t rows, const char *x, size_t row_bytes, const char *pairs,
                      vec sum[LA_TILE_ROWS][TILE_VECTORS]) {
  vec_int w[TILE_VECTORS];
  UNROLL
  for (size_t j = 0; j < TILE_VECTORS; j++) memcpy(&w[j], pairs + j * 64, sizeof w[j]);
  UNROLL
  for (size_t i = 0; i < rows; i++) {
    int32_t two;
    memcpy(&two, x + i * row_bytes, sizeof two);
    vec_int a = (vec_int)_mm512_set1_epi32(two);
#ifdef __clang__
    __asm__("" : "+v"(a)); /* clang 16 crashes where it sees one number repeated as bf16 */
#endif
    UNROLL
    for (size_t j = 0; j < TILE_VECTORS; j++)
      sum[i][j] = (vec)_mm512_dpbf16_ps((__m512)sum[i][j], (__m512bh)a, (__m512bh)w[j]);
  }
}

INLINE void tile_pairs(const size_t rows, const la_product *product, const void *weights, size_t first, float *tile,
                       fetcher *fetch) {
  const char *x = (const char *)product->x + first * product->row_bytes, *slab = weights;
  const size_t pairs = (product->depth + 1) / 2, row_bytes = product->row_bytes;
  vec sum[LA_TILE_ROWS][TILE_VECTORS];
  tile_clear(rows, sum);
  size_t q = 0;
  for (; q + STEP <= pairs; q += STEP) {
    fetch_step(fetch);
#pragma GCC unroll 2
    for (size_t r = q; r < q + STEP; r++) pair_step(rows, x + 4 * r, row_bytes, slab + r * 4 * LA_PANEL, sum);
  }
  for (; q < pairs; q++) pair_step(rows, x + 4 * q, row_bytes, slab + q * 4 * LA_PANEL, sum);
  tile_add(rows, sum, true, tile);
}

static void multiply(const la_product *product) {
  tile_all(product, product->slab, (product->depth + 1) / 2 / STEP, tile_pairs);
}

extern const la_gemm la_gemm_bf16_avx512;
const la_gemm la_gemm_bf16_avx512 = {SLAB64_BF16, .name = "bf16 (avx512_bf16)", .multiply = multiply};
