/* NumPy's .npy: magic, version, a Python dict literal, then the data (for object arrays, a pickle). */
#ifndef IO_NPY_H
#define IO_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct io_npy_header {
  berg_dtype dtype; /* as `descr` says; STRING stands for '|O' */
  size_t itemsize;  /* bytes of one element */
  bool big_endian;
  bool fortran;
  size_t ndim;
  size_t shape[BERG_MAX_DIMS];
  size_t data_offset; /* where the data begin */
} io_npy_header;

/* Reads the header at the start of `bytes` (versions 1.0, 2.0, 3.0); `name` is for messages. EINPUT. The data that
 * follow are not looked at, except that an array's bytes must be there: `total` is the size of the whole file, or 0
 * where that is not known yet (a stream). */
berg_status io_npy_read_header(io_npy_header *header, const uint8_t *bytes, size_t size, size_t total, const char *name,
                               berg_error *error);

/* Writes the header that np.save of NumPy >= 1.24 writes for a C-ordered array, and returns its length (a multiple of
 * 64), or 0 if `capacity` is too small; `out` may be NULL to ask for the length. Axis 0 can grow in place
 * afterwards. */
size_t io_npy_write_header(uint8_t *out, size_t capacity, berg_dtype dtype, size_t itemsize, const size_t *shape,
                           size_t ndim);

#endif
