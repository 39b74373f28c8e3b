/* A fractal heap, in which a group with many links keeps them, and an object with many attributes these. */
#ifndef IO_HDF5_HEAP_H
#define IO_HDF5_HEAP_H

#include "io/hdf5/hdf5_file.h"

typedef struct io_h5_heap {
  uint64_t address, root;
  size_t id_size, offset_bytes, length_bytes; /* of an object's name, and the numbers in it */
  uint64_t width, first, largest;             /* blocks in a row; bytes of the first and of the largest direct block */
  unsigned rows;                              /* of the root; 0: it is a direct block */
} io_h5_heap;

berg_status io_h5_heap_open(io_h5_heap *heap, io_h5_file *file, uint64_t address, berg_error *error);
/* The object whose name `id` is. */
berg_status io_h5_heap_read(const io_h5_heap *heap, io_h5_file *file, io_h5_fields id, io_h5_block *object,
                            berg_error *error);

#endif
