/* The fields of a new HDF5 file, one after the other, little-endian; or, where there is no memory for them, how far
 * they reach. */
#ifndef IO_HDF5_PUT_H
#define IO_HDF5_PUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct io_h5_put {
  uint8_t *bytes; /* zeros so far; NULL: positions alone */
  size_t at;
} io_h5_put;

static inline void io_h5_put_number_at(io_h5_put *to, size_t at, uint64_t number, size_t size) {
  for (size_t b = 0; to->bytes && b < size; b++) to->bytes[at + b] = (uint8_t)(number >> 8 * b);
}

static inline void io_h5_put_number(io_h5_put *to, uint64_t number, size_t size) {
  io_h5_put_number_at(to, to->at, number, size);
  to->at += size;
}

static inline void io_h5_put_bytes(io_h5_put *to, const void *bytes, size_t size) {
  if (to->bytes && size) memcpy(to->bytes + to->at, bytes, size);
  to->at += size;
}

/* Zeros up to `end`. */
static inline void io_h5_put_until(io_h5_put *to, size_t end) { to->at = end; }

/* Zeros up to a multiple of 8. */
static inline void io_h5_put_align(io_h5_put *to) { to->at = (to->at + 7) / 8 * 8; }

#endif
