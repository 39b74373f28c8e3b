/* Products of numbers narrower than float, whose slabs are rows of 256 bytes, four for each column, and whose rows of x
 * are as long as they are deep: both as the tile unit takes them. */
#ifndef LA_KERNELS_AMX_NARROW_H
#define LA_KERNELS_AMX_NARROW_H

#include "la/kernels/amx/blocks.h"

#define SLAB_STRIDE (LA_PANEL * 4)
#define STEP_OF_SLAB (UNIT_ROWS * SLAB_STRIDE)
/* Behind a slab that was packed just in time: its last step, and sums. */
#define NARROW_BYTES (LA_BUFFER_BYTES + STEP_OF_SLAB + SUMS_BYTES)

typedef struct narrow_weights {
  const char *slab, *last;
  size_t whole; /* steps */
} narrow_weights;

INLINE const char *weights_of(const block_walk *walk, size_t half, size_t step) {
  const narrow_weights *w = walk->weights;
  return (step < w->whole ? w->slab + step * STEP_OF_SLAB : w->last) + half * HALF_COLUMNS * 4;
}

INLINE void narrow_step(const bool is_bytes, const bool both, const block_walk *walk, const char *x, size_t half,
                        size_t step) {
  add_step(is_bytes, both,
           (step_operands){.x = x + step * UNIT_BYTES,
                           .w = weights_of(walk, half, step),
                           .x_stride = walk->product->row_bytes,
                           .w_stride = SLAB_STRIDE,
                           .w_apart = UNIT_BYTES});
}

/* A slab of `units` rows: zeros follow the last, which may be the last of its memory. */
INLINE void multiply_narrow(const la_product *product, const block_engine engine, size_t units) {
  char *last = (char *)product->buffer + LA_BUFFER_BYTES;
  narrow_weights w = {product->slab, last, units / UNIT_ROWS};
  const size_t rest = units % UNIT_ROWS * SLAB_STRIDE;
  if (rest) {
    memcpy(last, w.slab + w.whole * STEP_OF_SLAB, rest);
    memset(last + rest, 0, STEP_OF_SLAB - rest);
  }
  multiply_blocks(product, engine, w.whole + (rest > 0), (float *)(void *)(last + STEP_OF_SLAB), &w);
}

#endif
