/* Pixels to the 224 x 224 that the network sees. The result is uint8 on all paths; the normalisation is in the patch
 * embedding. */
#ifndef VIT_PREPROCESS_H
#define VIT_PREPROCESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define VIT_IMAGE_SIZE 224
#define VIT_PIXELS (3 * VIT_IMAGE_SIZE * VIT_IMAGE_SIZE)

typedef enum vit_transform {
  VIT_CROP,  /* torchvision's preset: the shorter side resized to 256, the central 224 x 224 of it kept */
  VIT_SQUARE /* the central square resized to 224 x 224: what the NSD and EEG models were fitted to */
} vit_transform;

/* The path of training: Pillow's bilinear resize of `rgb` [height][width][3], bit for bit (two 8-bit passes with
 * 22-bit coefficients, horizontally first as before Pillow 12.2). `pixels` is [3][224][224]. ELIMIT: out of memory;
 * ESTIMULUS: an empty picture or one so narrow that the long side would overflow. vit/preprocess_stream.h does the
 * same with the rows as they come. */
berg_status vit_preprocess_picture(const uint8_t *rgb, size_t width, size_t height, uint8_t *pixels, berg_error *error);

/* The same under VIT_SQUARE. */
berg_status vit_preprocess_square(const uint8_t *rgb, size_t width, size_t height, uint8_t *pixels, berg_error *error);

/* The path of encoding: torchvision's (>= 0.17) antialiased resize of a uint8 tensor [3][height][width]:
 * float32, one rounding. */
berg_status vit_preprocess_tensor(const uint8_t *planes, size_t width, size_t height, uint8_t *pixels,
                                  berg_error *error);

#endif
