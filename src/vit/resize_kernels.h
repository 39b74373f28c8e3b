/* The vector kernels of the resizings. A table for each instruction set; all give the same bits. */
#ifndef VIT_RESIZE_KERNELS_H
#define VIT_RESIZE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "base/machine.h"
#include "vit/resize.h"

#define VIT_BLOCK_ROWS 16
#define VIT_RESIZE_TILE 16            /* outputs of the horizontal pass at a time */
#define VIT_LINE (3 * VIT_IMAGE_SIZE) /* one row after the horizontal pass, a plane after the other */

typedef struct vit_resize_kernels {
  /* Pillow's horizontal pass: `count` <= 16 `rows` of RGB, `stride` bytes apart, from input column taps->first[0] on, to
   * `across` [16][3][224], of which those beyond `count` are as the last. `block`: vit_resize_block(taps) floats, to put
   * the rows side by side. */
  void (*fixed_across)(const uint8_t *rows, size_t stride, size_t count, const vit_taps *taps, float *block,
                       uint8_t *across);
  /* Pillow's vertical pass: rows `across` [rows][3][224] from input row taps->first[0] on, to `pixels` [3][224][224]. */
  void (*fixed_down)(const uint8_t *across, const vit_taps *taps, uint8_t *pixels);
  /* A row of RGB to row `y` of the planes of `pixels`: the resizing where nothing is resized. */
  void (*part_colours)(const uint8_t *rgb, size_t y, uint8_t *pixels);
} vit_resize_kernels;

/* Bytes of 16 rows that the outputs of a tile need at most, and what a vector may reach beyond: a few tiles of pixels
 * stay in the first cache, where the whole row side by side cost 0.2 ms a picture more. */
static inline size_t vit_resize_block(const vit_taps *taps) {
  size_t most = 0;
  for (size_t x = 0; x < VIT_IMAGE_SIZE; x += VIT_RESIZE_TILE) {
    size_t last = x + VIT_RESIZE_TILE - 1, columns = taps->first[last] + taps->count[last] - taps->first[x];
    if (columns > most) most = columns;
  }
  return (3 * most + 128) * VIT_BLOCK_ROWS;
}

/* The best of this build that `isa` can run. */
const vit_resize_kernels *vit_resize_kernels_for(base_isa isa);

#endif
