/* The two resizings, each computing only what the crop keeps. */
#ifndef VIT_RESIZE_H
#define VIT_RESIZE_H

#include <stddef.h>
#include <stdint.h>

#include "vit/preprocess.h"

/* One axis: `in` samples are stretched to `out`, of which VIT_IMAGE_SIZE from `first` on are kept. */
typedef struct vit_axis {
  size_t in, out, first;
} vit_axis;

/* For each kept output, the inputs first[i] .. first[i] + count[i] - 1 that it is a weighted sum of. */
typedef struct vit_taps {
  size_t first[VIT_IMAGE_SIZE], count[VIT_IMAGE_SIZE];
  size_t room; /* weights per output, the unused ones 0: output i has them at weights[i * room] */
  union {
    int32_t *fixed;
    float *real;
    void *weights; /* base_free */
  };
} vit_taps;

/* `rgb` [height][width][3] or `planes` [3][height][width] to `pixels` [3][224][224]. ELIMIT: no memory. */
berg_status vit_resize_pillow(const uint8_t *rgb, const vit_axis *x, const vit_axis *y, uint8_t *pixels,
                              berg_error *error);
berg_status vit_resize_tensor(const uint8_t *planes, const vit_axis *x, const vit_axis *y, uint8_t *pixels,
                              berg_error *error);

#endif
