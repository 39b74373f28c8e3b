/* int8 products by the tile unit: sums are exact, so the bits are those of every other engine of int8. */
#include "la/kernels/amx/narrow.h"
#include "la/kernels/slab64.h"

INLINE void step_bytes(const bool both, block_walk *walk, const char *x, size_t half, size_t step) {
  narrow_step(true, both, walk, x, half, step);
}

/* x is kept as x + 128: -128 times the sum of each column is added. */
INLINE void floats_of_sums(const la_product *product, float *tile, size_t first, size_t rows) {
  const int32_t *offset = (const int32_t *)product->slab + (product->depth + 3) / 4 * LA_PANEL;
  const float *scale = (const float *)(const void *)(offset + LA_PANEL);
  for (size_t r = 0; r < rows; r++, tile += LA_PANEL) {
    const vec step = vec_all(product->scale[first + r]);
    for (size_t c = 0; c < LA_PANEL; c += LANES) {
      const vec_int sum = (vec_int)vec_load(tile + c) + (vec_int)vec_load(offset + c);
      vec_store(tile + c, __builtin_convertvector(sum, vec) * (step * vec_load(scale + c)));
    }
  }
}

static void multiply(const la_product *product) {
  multiply_narrow(product, (block_engine){.step = step_bytes, .floats = floats_of_sums}, (product->depth + 3) / 4);
}

static double multiply_registers(size_t rounds) {
  multiply_units(true, rounds);
  return 4 * UNIT_OPERATIONS(1) * (double)rounds;
}

extern const la_gemm KERNEL(la_gemm_int8_tiles);
const la_gemm KERNEL(la_gemm_int8_tiles) = {BLOCK_ENGINE,
                                            .precision = LA_INT8,
                                            .name = "int8 (amx)",
                                            .layout = &la_layout_int8_slab64,
                                            .thread_bytes = NARROW_BYTES,
                                            .row_bytes = la_row_of_bytes,
                                            .load = KERNEL(la_load_int8),
                                            .load_fine = KERNEL(la_load_int8_fine),
                                            .pack = KERNEL(la_pack_int8),
                                            .round = KERNEL(la_round_int8),
                                            .factor = KERNEL(la_factor_moments)};
