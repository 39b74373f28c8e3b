/* Where the chunks of a dataset are: found once, then asked for by their places in the grid of chunks. */
#ifndef IO_HDF5_INDEX_H
#define IO_HDF5_INDEX_H

#include "berg.h"
#include "io/hdf5/hdf5_file.h"

typedef enum io_h5_index_kind {
  IO_H5_INDEX_OLD = 0, /* a B-tree of version 1; the others are the format's numbers */
  IO_H5_INDEX_SINGLE = 1,
  IO_H5_INDEX_IMPLICIT = 2,
  IO_H5_INDEX_FIXED = 3,
  IO_H5_INDEX_EXTENSIBLE = 4,
  IO_H5_INDEX_TREE = 5
} io_h5_index_kind;

typedef struct io_h5_chunk {
  uint64_t number; /* in the grid, C order */
  uint64_t address, size;
  uint32_t mask; /* filters that were left out */
} io_h5_chunk;

typedef struct io_h5_index {
  io_h5_index_kind kind;
  uint64_t address; /* NONE: there are no chunks yet */
  size_t ndim;
  uint64_t shape[BERG_MAX_DIMS], most[BERG_MAX_DIMS], chunk[BERG_MAX_DIMS]; /* `most` NONE: without limit */
  uint64_t chunk_bytes;
  bool is_filtered, is_edge_plain; /* chunks that hang over the edge are not filtered */
  io_h5_chunk single;              /* of SINGLE with filters: size and mask */
  io_h5_chunk *chunks;             /* all others', by number */
  size_t count, room;
  bool is_read;
} io_h5_index;

/* The chunk at `place`, in chunks along each dimension; its address is NONE where it was never written. */
berg_status io_h5_index_find(io_h5_index *index, io_h5_file *file, const uint64_t *place, io_h5_chunk *chunk,
                             berg_error *error);
void io_h5_index_free(io_h5_index *index);

/* For the kinds of indexes, each in a file of its own. */
berg_status io_h5_index_fixed(io_h5_index *index, io_h5_file *file, berg_error *error);
berg_status io_h5_index_extensible(io_h5_index *index, io_h5_file *file, berg_error *error);

/* Notes a chunk; one of no address, or beyond the shape as it is now, is left out. */
berg_status io_h5_index_add(io_h5_index *index, const uint64_t *place, io_h5_chunk chunk, berg_error *error);
/* How many chunks fit the shape at its largest along a dimension. */
uint64_t io_h5_index_most(const io_h5_index *index, size_t dim);
/* Whether an element of an array of chunks can be of `size` bytes; and one: address, and with filters the chunk's size
 * and mask. */
bool io_h5_index_is_element(const io_h5_index *index, const io_h5_file *file, size_t size);
io_h5_chunk io_h5_index_element(const io_h5_index *index, const io_h5_file *file, io_h5_fields *fields, size_t size);

#endif
