/* What the readers of one picture format share, inside the room. Each fills `image`, released by the caller
 * on failure. */
#ifndef IO_IMAGE_FORMATS_H
#define IO_IMAGE_FORMATS_H

#include "io/image.h"

/* Pillow's Image.MAX_IMAGE_PIXELS is 89,478,485; at more than twice that it refuses to open a file. */
#define IO_IMAGE_MAX_PIXELS 178956970u

berg_status io_jpeg_decode(io_image *image, const uint8_t *bytes, size_t size, const char *name, berg_error *error);
berg_status io_png_decode(io_image *image, const uint8_t *bytes, size_t size, const char *name, berg_error *error);

/* Room for `width` x `height` RGB pixels. EINPUT: empty, or more than IO_IMAGE_MAX_PIXELS; nothing is
 * allocated then. */
berg_status io_image_alloc(io_image *image, size_t width, size_t height, const char *name, berg_error *error);

#endif
