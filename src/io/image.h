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

/* Whether the ending is that of a picture read here (.jpg .jpeg .jpe .png, any case). */
bool io_image_is_name(const char *path);

/* JPEG or PNG, told apart by content. `name` is for messages. EINPUT: not a picture, damaged, or larger than 178,956,970
 * pixels (where Pillow raises its decompression-bomb error). A truncated file is an error, never a grey lower half. */
berg_status io_image_decode(io_image *image, const uint8_t *bytes, size_t size, const char *name, berg_error *error);
berg_status io_image_read(io_image *image, const char *path, berg_error *error);
void io_image_release(io_image *image);

#endif
