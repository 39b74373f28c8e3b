/* The vector kernels of the resizings. A table for each instruction set; all give the same bits. */
#ifndef VIT_RESIZE_KERNELS_H
#define VIT_RESIZE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "base/machine.h"
#include "vit/resize.h"

#define VIT_BLOCK_ROWS 16
#define VIT_LINE (3 * VIT_IMAGE_SIZE) /* one row after the horizontal pass, a plane after the other */

typedef struct vit_resize_kernels {
  /* `count` <= 16 rows of `bytes` bytes, `stride` apart, side by side: block [bytes][16]; lanes beyond `count` repeat the
   * last row. */
  void (*interleave)(const uint8_t *rows, size_t stride, size_t count, size_t bytes, float *block);
  /* Pillow's horizontal pass: 16 rows of RGB side by side, block [columns][3][16] from input column taps->first[0] on, to
   * `across` [16][3][224]. */
  void (*fixed_across)(const float *block, const vit_taps *taps, uint8_t *across);
  /* Pillow's vertical pass: rows `across` [rows][3][224] from input row taps->first[0] on, to `pixels` [3][224][224]. */
  void (*fixed_down)(const uint8_t *across, const vit_taps *taps, uint8_t *pixels);
  /* A row of RGB to row `y` of the planes of `pixels`: the resizing where nothing is resized. */
  void (*part_colours)(const uint8_t *rgb, size_t y, uint8_t *pixels);
} vit_resize_kernels;

/* The best of this build that `isa` can run. */
const vit_resize_kernels *vit_resize_kernels_for(base_isa isa);

#endif
