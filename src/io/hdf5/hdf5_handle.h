/* The inside of an io_hdf5, for hdf5*.c alone. */
#ifndef IO_HDF5_HANDLE_H
#define IO_HDF5_HANDLE_H

#include <stdint.h>

#include "io/hdf5/hdf5.h"
#include "io/hdf5/hdf5_file.h"
#include "io/hdf5/hdf5_filters.h"
#include "io/hdf5/hdf5_header.h"
#include "io/hdf5/hdf5_index.h"

/* The format's numbers. */
typedef enum io_hdf5_layout {
  IO_HDF5_COMPACT = 0,
  IO_HDF5_CONTIGUOUS = 1,
  IO_HDF5_CHUNKED = 2,
  IO_HDF5_VIRTUAL = 3
} io_hdf5_layout;

struct io_hdf5 {
  char *path;
  char *name;
  io_h5_file file;
  berg_array about;
  bool big_endian;
  bool is_text;          /* opened as such: bytes with one more dimension, */
  bool is_optional;      /* it may not be there */
  size_t text_bytes;     /* this one */
  char matlab_class[16]; /* "": MATLAB has not written it */
  io_hdf5_layout layout;
  uint64_t address;  /* contiguous: of the data */
  uint8_t *compact;  /* the data, where the header holds them */
  io_h5_index index; /* chunked */
  size_t chunk[BERG_MAX_DIMS], chunk_bytes;
  io_filters filters;
  uint8_t *block, *scratch; /* chunked: the chunk at `held`, decoded, and a second buffer */
  size_t block_room;
  size_t held[BERG_MAX_DIMS];
  bool holds;
};

/* EINPUT with a reason. */
berg_status io_hdf5_refuse(const io_hdf5 *dataset, const char *what, const char *expected, const char *found,
                           berg_error *error);

/* Frees what is held of the data; not the handle, and not the file. */
void io_hdf5_release(io_hdf5 *dataset);

/* What the messages of a dataset's header say: its type, then its shape, then where its data are. */
berg_status io_hdf5_take_type(io_hdf5 *dataset, io_h5_fields fields, berg_error *error);
/* What a type holds, in words, also where it is not read; and whether that is text of fixed length. */
const char *io_hdf5_class_name(io_h5_fields type);
bool io_hdf5_is_text(io_h5_fields type);
berg_status io_hdf5_take_shape(io_hdf5 *dataset, io_h5_fields fields, berg_error *error);
berg_status io_hdf5_take_storage(io_hdf5 *dataset, const io_h5_header *header, berg_error *error);
berg_status io_hdf5_take_filters(io_hdf5 *dataset, io_h5_fields fields, berg_error *error);

/* The elements [begin[d], end[d]) of each dimension of a chunked dataset, bytes as stored. Elements of one row follow
 * each other, rows are `pitch` bytes apart. */
berg_status io_hdf5_read_chunks(io_hdf5 *dataset, const size_t *begin, const size_t *end, size_t pitch, uint8_t *data,
                                berg_error *error);
/* `size` bytes of a dataset that is not chunked, from byte `first` of its elements. */
berg_status io_hdf5_read_bytes(io_hdf5 *dataset, size_t first, size_t size, void *data, berg_error *error);
/* To this machine's byte order. */
void io_hdf5_order_bytes(const io_hdf5 *dataset, void *data, size_t size);

#endif
