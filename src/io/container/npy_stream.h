/* A .npy read from a pipe: its rows (along the first dimension) are read once, in order. */
#ifndef IO_NPY_STREAM_H
#define IO_NPY_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "io/container/npy.h"

#define IO_NPY_MAGIC "\x93NUMPY"
#define IO_NPY_MAGIC_BYTES 6

typedef struct io_npy_stream io_npy_stream;

/* `file` is a descriptor, borrowed, from which the magic has been read already. EINPUT: not a .npy header,
 * cut short, no dimension, Fortran order (whose rows are not together), rows too large for memory. */
berg_status io_npy_stream_open(io_npy_stream **stream, int file, const char *name, berg_error *error);
void io_npy_stream_free(io_npy_stream *stream);

const io_npy_header *io_npy_stream_header(const io_npy_stream *stream);
/* The row that is read next. */
size_t io_npy_stream_position(const io_npy_stream *stream);
/* The next `count` rows, as they are in the file (byte order included), or with `data` NULL past them.
 * EINPUT: cut short. */
berg_status io_npy_stream_read(io_npy_stream *stream, size_t count, void *data, berg_error *error);

#endif
