/* Pixels to PNG. */
#ifndef IO_PNG_WRITE_H
#define IO_PNG_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Takes the file piece by piece; false where it has no memory. */
typedef bool (*io_png_taker)(void *context, const void *bytes, size_t size);

/* `pixels` [rows][columns], 0xAARRGGBB, as colours with alpha. ELIMIT. */
berg_status io_png_encode(io_png_taker take, void *context, const uint32_t *pixels, size_t columns, size_t rows,
                          berg_error *error);

#endif
