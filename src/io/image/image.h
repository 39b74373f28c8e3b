/* A picture file to RGB, as Pillow's Image.open(path).convert("RGB") gives it. */
#ifndef IO_IMAGE_H
#define IO_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct io_image {
  size_t width, height;
  uint8_t *pixels; /* [height][width][3]; base_free */
} io_image;

/* Whether the ending is that of a picture read here (.jpg .jpeg .jpe .jfif .png, any case). */
bool io_image_is_name(const char *path);

/* Formats that are not read. */
#define IO_IMAGE_START 16 /* bytes that tell them */
/* The name of the format that a file begins as; NULL: none of them. */
const char *io_image_foreign(const uint8_t *bytes, size_t size);
bool io_image_is_foreign_name(const char *path);
/* EINPUT, and what to do about it. */
berg_status io_image_fail_foreign(const char *path, const char *format, berg_error *error);

/* Part of a picture. */
typedef struct io_image_part {
  size_t left, top, width, height;
} io_image_part;

/* Takes a picture while it is decoded, so that the whole of it is never in memory. */
typedef struct io_image_taker {
  /* Called once, when the size is known, before any row: says in `part`, which comes in as the whole, what of the
   * picture is wanted (nothing: height 0). A status ends the reading and is its result. */
  berg_status (*start)(void *user, size_t width, size_t height, io_image_part *part, berg_error *error);
  /* The next rows of that part, `stride` bytes apart: 16 at a time, less only at the end. */
  void (*take)(void *user, const uint8_t *rgb, size_t stride, size_t count);
  void *user;
} io_image_taker;

/* JPEG or PNG, told apart by content. `name` is for messages. EINPUT: not a picture, damaged, or larger than
 * 178,956,970 pixels (where Pillow raises its decompression-bomb error). A truncated file is an error, never a grey
 * lower half; rows that came before an error are to be discarded. The file is decoded to its end whatever part is
 * wanted. */
berg_status io_image_decode_rows(const io_image_taker *taker, const uint8_t *bytes, size_t size, const char *name,
                                 berg_error *error);
berg_status io_image_read_rows(const io_image_taker *taker, const char *path, berg_error *error);

/* The same for the whole picture at once. */
berg_status io_image_decode(io_image *image, const uint8_t *bytes, size_t size, const char *name, berg_error *error);
berg_status io_image_read(io_image *image, const char *path, berg_error *error);
void io_image_release(io_image *image);

#endif
