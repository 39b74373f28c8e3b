/* Products in float32, and with bf16 weights that are widened to it; the tables of precisions. */
#include "la/gemm.h"

#include "base/vector.h"
#include "la/kernels/pack.h"
#include "la/kernels/tile.h"

static void multiply_f32(const la_product *product) {
  tile_product(product, product->x, product->row_bytes / sizeof(float), product->slab);
}

/* A pair of bf16 is two floats without their lower halves. Widening a slab takes 1 % of multiplying it with 150 rows; on
 * processors whose bf16 products are slower than float32 ones (all of Intel's without AMX) this is the faster way. */
static void multiply_widened(const la_product *product) {
  const uint16_t *slab = product->slab;
  for (size_t p = 0; p < product->depth; p += 2)
    for (size_t c = 0; c < LA_PANEL; c += LANES) {
      vec_int pairs;
      memcpy(&pairs, slab + p * LA_PANEL + 2 * c, sizeof pairs);
      vec_store(product->buffer + p * LA_PANEL + c, (vec)(pairs << 16));
      if (p + 1 < product->depth)
        vec_store(product->buffer + (p + 1) * LA_PANEL + c, (vec)(pairs & (int32_t)0xffff0000));
    }
  tile_product(product, product->x, product->row_bytes / sizeof(float), product->buffer);
}

#define TEXT(isa) TEXT_(isa)
#define TEXT_(isa) #isa

extern const la_gemm KERNEL(la_gemm_f32), KERNEL(la_gemm_widened);
const la_gemm KERNEL(la_gemm_f32) = {
    LA_F32, "float32 (" TEXT(BERG_ISA) ")", NULL, NULL, KERNEL(la_transpose), multiply_f32, NULL, NULL};
const la_gemm KERNEL(la_gemm_widened) = {LA_BF16,
                                         "bf16 weights, float32 products (" TEXT(BERG_ISA) ")",
                                         NULL,
                                         KERNEL(la_pack_bf16),
                                         KERNEL(la_transpose),
                                         multiply_widened,
                                         NULL,
                                         NULL};
