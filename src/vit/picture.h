/* vit_preprocess_picture for rows that come as they are decoded, so that the whole picture is never in memory. */
#ifndef VIT_PICTURE_H
#define VIT_PICTURE_H

#include <stdint.h>

#include "vit/resize.h"
#include "vit/resize_kernels.h"

typedef struct vit_picture {
  size_t left, top, columns, rows; /* the part of the picture that the kept pixels depend on */
  const vit_resize_kernels *kernels;
  vit_taps over, down; /* without weights where nothing is resized */
  float *block;        /* 16 rows side by side */
  uint8_t *across;     /* [rows, up to 15 more][3][224]: after the horizontal pass */
  uint8_t *pixels;
  size_t done; /* rows */
} vit_picture;

/* `pixels` [3][224][224] are written until the end. Release it in any case. ESTIMULUS, ELIMIT as
 * vit_preprocess_picture. */
berg_status vit_picture_start(vit_picture *picture, vit_transform transform, size_t width, size_t height,
                              uint8_t *pixels, berg_error *error);
/* The next `count` rows of the part, RGB, `stride` bytes apart; 16 at a time go fastest. */
void vit_picture_take(vit_picture *picture, const uint8_t *rgb, size_t stride, size_t count);
/* After the last row. */
void vit_picture_finish(vit_picture *picture);
void vit_picture_release(vit_picture *picture);

#endif
