/* What the readers of the image formats share. */
#ifndef IO_IMAGE_FORMATS_H
#define IO_IMAGE_FORMATS_H

#include "io/image/image.h"

/* Pillow's Image.MAX_IMAGE_PIXELS is 89,478,485; at more than twice that it refuses to open a file. */
#define IO_IMAGE_MAX_PIXELS 178956970u

berg_status io_jpeg_decode(const io_image_taker *taker, const uint8_t *bytes, size_t size, const char *name,
                           berg_error *error);
berg_status io_png_decode(const io_image_taker *taker, const uint8_t *bytes, size_t size, const char *name,
                          berg_error *error);

#define IO_STRIP_ROWS 16

/* The rows between a reader and its taker. */
typedef struct io_strip {
  const io_image_taker *taker;
  io_image_part part;
  size_t left; /* the column of the picture that the rows begin at: 0, unless the reader sets it */
  size_t stride, held;
  uint8_t *memory; /* base_free */
} io_strip;

/* Asks the taker for its part of `width` x `height` pixels. EINPUT: empty, or more than IO_IMAGE_MAX_PIXELS; nothing is
 * allocated then. */
berg_status io_strip_start(io_strip *strip, const io_image_taker *taker, size_t width, size_t height, const char *name,
                           berg_error *error);
/* A buffer for one more row, `ahead` rows after the ones that are held (fewer than IO_STRIP_ROWS in all), as wide as
 * the picture. */
uint8_t *io_strip_row(const io_strip *strip, size_t ahead);
/* `count` more rows of the part are held. */
void io_strip_add(io_strip *strip, size_t count);
/* Hands on the rows that are held. */
void io_strip_flush(io_strip *strip);

#endif
