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
  /* Pillow's horizontal pass: `count` <= 16 `rows` of RGB, `stride` bytes apart, from input column taps->first[0] on,
   * to `across` [16][3][224], of which those beyond `count` are as the last. `block`: vit_resize_block floats, to put
   * the rows side by side. */
  void (*fixed_across)(const uint8_t *rows, size_t stride, size_t count, const vit_taps *taps, float *block,
                       uint8_t *across);
  /* Pillow's vertical pass: rows `across` [rows][3][224] from input row taps->first[0] on, to `pixels`
   * [3][224][224]. */
  void (*fixed_down)(const uint8_t *across, const vit_taps *taps, uint8_t *pixels);
  /* `count` pixels, RGB, to three planes. */
  void (*part_colours)(const uint8_t *rgb, size_t count, uint8_t *red, uint8_t *green, uint8_t *blue);
  /* torch's passes of one plane: `rows` of bytes from input column taps->first[0] on to `across` [16][224]; those from
   * input row taps->first[0] on to `pixels` [224][224]. */
  void (*tensor_across)(const uint8_t *rows, size_t stride, size_t count, const vit_taps *taps, float *block,
                        float *across);
  void (*tensor_down)(const float *across, const vit_taps *taps, uint8_t *pixels);
} vit_resize_kernels;

/* Floats of `block`, for `channels` bytes a pixel: 16 rows of what the outputs of a tile need at most, and what vectors
 * may reach beyond. */
size_t vit_resize_block(const vit_taps *taps, size_t channels);

/* The best of this build that `isa` can run. */
const vit_resize_kernels *vit_resize_kernels_for(base_isa isa);

#endif
