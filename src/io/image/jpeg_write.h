/* RGB to JPEG. */
#ifndef IO_JPEG_WRITE_H
#define IO_JPEG_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* `pixels` [height][width][3] as a baseline JPEG with chroma at half resolution (4:2:0), quality 1..100. Appears whole,
 * but is not synced; EEXISTS where `path` is there and not `force`. */
berg_status io_write_jpeg(const char *path, const uint8_t *pixels, size_t width, size_t height, int quality, bool force,
                          berg_error *error);

#endif
