/* FIF's tags: kind, type, size, where the next one is (0: behind this one), all int32, big-endian; then the data.
 * Blocks of them begin and end with tags. */
#ifndef IO_FIF_TAGS_H
#define IO_FIF_TAGS_H

#include <stddef.h>
#include <stdint.h>

#include "io/file/whole_file.h"

/* Positions are int32: what lies beyond cannot be found. */
#define IO_FIF_BYTES_MAX ((size_t)INT32_MAX)

typedef enum io_fif_type {
  IO_FIF_INT = 3,
  IO_FIF_FLOAT = 4,
  IO_FIF_STRING = 10,
  IO_FIF_CHANNEL = 30,
  IO_FIF_ID = 31,
  IO_FIF_FLOAT_MATRIX = 0x40000004
} io_fif_type;

/* A tag whose data the caller writes. */
berg_status io_fif_tag(io_whole_file *file, uint32_t kind, io_fif_type type, size_t size, berg_error *error);
berg_status io_fif_int(io_whole_file *file, uint32_t kind, int32_t number, berg_error *error);
berg_status io_fif_float(io_whole_file *file, uint32_t kind, float number, berg_error *error);
/* UTF-8 as the format's Latin-1: other characters as &#008217;, which MNE-Python reads back; what is no text as "?".
 * Nothing for "". */
berg_status io_fif_text(io_whole_file *file, uint32_t kind, const char *text, berg_error *error);
berg_status io_fif_begin(io_whole_file *file, int32_t block, berg_error *error);
berg_status io_fif_end(io_whole_file *file, int32_t block, berg_error *error);
/* The tag without a next one. */
berg_status io_fif_last(io_whole_file *file, berg_error *error);

#endif
