/* What the resizings share. Each computes only what the crop keeps. */
#ifndef VIT_RESIZE_H
#define VIT_RESIZE_H

#include <stddef.h>
#include <stdint.h>

#include "vit/preprocess.h"

/* One axis: `in` samples from `origin` on are stretched to `out`, of which VIT_IMAGE_SIZE from `first` on are kept. */
typedef struct vit_axis {
  size_t origin, in, out, first;
} vit_axis;

/* For each kept output, the inputs first[i] .. first[i] + count[i] - 1 that it is a weighted sum of. */
typedef struct vit_taps {
  size_t first[VIT_IMAGE_SIZE], count[VIT_IMAGE_SIZE];
  size_t stride;  /* taps per output, the unused ones 0: those of output i begin with number i * stride */
  float *weights; /* one a tap, or two: upper and lower half (resize_pillow.c); base_free */
} vit_taps;

/* The end of the inputs that outputs [from, to) need. */
static inline size_t vit_taps_end(const vit_taps *taps, size_t from, size_t to) {
  size_t end = 0;
  for (size_t i = from; i < to; i++)
    if (taps->first[i] + taps->count[i] > end) end = taps->first[i] + taps->count[i];
  return end;
}

/* The sizes of both axes, and of both under VIT_SQUARE. ESTIMULUS: an empty picture, or one so narrow that the long
 * side would overflow. */
berg_status vit_set_axes(vit_axis *x, vit_axis *y, size_t width, size_t height, berg_error *error);
berg_status vit_set_square_axes(vit_axis *x, vit_axis *y, size_t width, size_t height, berg_error *error);

/* `planes` [3][height][width] to `pixels` [3][224][224]. ELIMIT: no memory. */
berg_status vit_resize_tensor(const uint8_t *planes, const vit_axis *x, const vit_axis *y, uint8_t *pixels,
                              berg_error *error);

#endif
