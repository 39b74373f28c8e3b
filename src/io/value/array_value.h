/* Arrays over bytes of a file: checked shapes, byte order swapped where needed, strided placement. */
#ifndef IO_ARRAY_VALUE_H
#define IO_ARRAY_VALUE_H

#include "io/value/value.h"

typedef struct io_layout {
  berg_dtype dtype;
  size_t itemsize;
  bool big_endian;
  bool fortran;
} io_layout;

/* Bytes that an array of this layout and shape (the rest of `shape` is not looked at) takes; false: does not
 * fit. */
bool io_array_bytes(const io_layout *layout, const berg_array *shape, size_t *bytes);

/* An array of the arena over `bytes`, which were checked to be io_array_bytes long. A view, unless they are
 * big-endian: then a copy in this machine's order. NULL with ELIMIT. */
berg_array *io_array_new(io_arena *arena, const io_layout *layout, const berg_array *shape, const uint8_t *bytes,
                         berg_error *error);

typedef enum io_place { IO_PLACE_OK, IO_PLACE_OUTSIDE, IO_PLACE_REPEATED } io_place;

/* Sets data and strides of `array` (type and shape are set) for a tensor at element `offset` of a storage of `count`
 * elements; `strides` in elements. Elements may be repeated (strides of 0) up to 16 M of them: more would be a
 * decompression bomb. */
io_place io_array_place(berg_array *array, const int64_t *strides, size_t offset, const uint8_t *storage, size_t count);

#endif
