/* bf16 products by the tile unit. Their bits are neither those of AVX512_BF16 nor dependent on rows or threads. */
#include "la/kernels/amx/narrow.h"
#include "la/kernels/tile.h"
#include "la/kernels/slab64.h"

INLINE void step_bf16(const bool both, block_walk *walk, const char *x, size_t half, size_t step) {
  narrow_step(false, both, walk, x, half, step);
}

static void multiply(const la_product *product) {
  multiply_narrow(product, (block_engine){.step = step_bf16}, (product->depth + 1) / 2);
}

static double multiply_registers(size_t rounds) {
  multiply_units(false, rounds);
  return 4 * UNIT_OPERATIONS(2) * (double)rounds;
}

extern const la_gemm KERNEL(la_gemm_bf16_tiles);
const la_gemm KERNEL(la_gemm_bf16_tiles) = {BLOCK_ENGINE,
                                            .precision = LA_BF16,
                                            .name = "bf16 (amx)",
                                            .layout = &la_layout_bf16_slab64,
                                            .thread_bytes = NARROW_BYTES,
                                            .row_bytes = la_row_of_halves,
                                            .load = KERNEL(la_load_bf16),
                                            .pack = KERNEL(la_pack_bf16)};
