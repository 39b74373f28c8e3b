/* The fields of a piece of an HDF5 file, one after the other: a field that is not all there is 0, and is remembered. */
#ifndef IO_HDF5_FIELDS_H
#define IO_HDF5_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IO_H5_NONE UINT64_MAX /* the address of what is not there */

typedef struct io_h5_fields {
  const uint8_t *next;
  size_t left;
  bool is_short;
} io_h5_fields;

/* Where `size` bytes are that are then behind; NULL where they are not all there. */
static inline const uint8_t *io_h5_bytes(io_h5_fields *fields, size_t size) {
  const uint8_t *bytes = fields->next;
  fields->is_short |= size > fields->left;
  if (fields->is_short) return NULL;
  fields->next += size;
  fields->left -= size;
  return bytes;
}

/* A little-endian number of up to 8 bytes. */
static inline uint64_t io_h5_number(io_h5_fields *fields, size_t size) {
  const uint8_t *bytes = size <= 8 ? io_h5_bytes(fields, size) : NULL;
  uint64_t number = 0;
  for (size_t b = bytes ? size : 0; b-- > 0;) number = number << 8 | bytes[b];
  return number;
}

/* The same, where all bits set stand for NONE. */
static inline uint64_t io_h5_address(io_h5_fields *fields, size_t size) {
  const uint64_t number = io_h5_number(fields, size);
  return number == IO_H5_NONE >> (64 - 8 * size) ? IO_H5_NONE : number;
}

/* How many bytes a number up to `limit` takes where the format counts it by its bits. */
static inline unsigned io_h5_bytes_for(uint64_t limit) {
  unsigned bits = 0;
  while (limit > 1) limit >>= 1, bits++;
  return bits / 8 + 1;
}

#endif
