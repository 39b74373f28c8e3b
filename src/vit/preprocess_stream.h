/* vit_preprocess_picture row by row, as an image is decoded, so that the whole of it is never in memory. */
#ifndef VIT_PREPROCESS_STREAM_H
#define VIT_PREPROCESS_STREAM_H

#include <stdint.h>

#include "vit/resize.h"
#include "vit/resize_kernels.h"

typedef struct vit_preprocess_stream {
  size_t left, top, columns, rows; /* the part of the picture that the kept pixels depend on */
  const vit_resize_kernels *kernels;
  vit_taps over, down; /* without weights where nothing is resized */
  float *block;        /* 16 rows side by side */
  uint8_t *across;     /* [rows, up to 15 more][3][224]: after the horizontal pass */
  uint8_t *pixels;
  size_t done; /* rows */
} vit_preprocess_stream;

/* `pixels` [3][224][224] are written until the end. Release it in any case. ESTIMULUS, ELIMIT as
 * vit_preprocess_picture. */
berg_status vit_preprocess_stream_start(vit_preprocess_stream *stream, vit_transform transform, size_t width,
                                        size_t height, uint8_t *pixels, berg_error *error);
/* The next `count` rows of the part, RGB, `stride` bytes apart; 16 at a time go fastest. */
void vit_preprocess_stream_take(vit_preprocess_stream *stream, const uint8_t *rgb, size_t stride, size_t count);
/* After the last row. */
void vit_preprocess_stream_finish(vit_preprocess_stream *stream);
void vit_preprocess_stream_release(vit_preprocess_stream *stream);

#endif
