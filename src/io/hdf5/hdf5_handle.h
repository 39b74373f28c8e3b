/* The inside of an io_hdf5, for hdf5*.c alone. */
#ifndef IO_HDF5_HANDLE_H
#define IO_HDF5_HANDLE_H

#include <stdint.h>

#include "io/hdf5/hdf5.h"
#include "io/hdf5/hdf5_filters.h"
#include "io/hdf5/hdf5_session.h"

struct io_hdf5 {
  char *path;
  char *name;
  hid_t file, dataset;
  berg_array about;
  bool big_endian;
  bool is_text;      /* opened as such: bytes with one more dimension, */
  size_t text_bytes; /* this one */
  H5D_layout_t layout;
  int raw; /* contiguous: the file, read without libhdf5 */
  uint64_t file_bytes;
  uint64_t offset; /* contiguous: of the data in the file */
  size_t chunk[BERG_MAX_DIMS], chunk_bytes;
  io_filters filters;
  uint8_t *block, *scratch; /* chunked: the chunk at `held`, decoded, and a second buffer */
  size_t block_room;
  size_t held[BERG_MAX_DIMS];
  bool holds;
  io_hdf5_session session; /* of the current call */
};

/* Opens the file for reading, without a lock where its file system has none (read-only and network file systems). */
hid_t io_hdf5_open_file(const char *path);

/* Each returns EINPUT, with a reason of its own or libhdf5's last. */
berg_status io_hdf5_refuse(const io_hdf5 *dataset, const char *what, const char *expected, const char *found,
                           berg_error *error);
berg_status io_hdf5_fail(const io_hdf5 *dataset, const char *what, berg_error *error);

/* Shape, chunks and filters of a chunked dataset, from its creation properties. */
berg_status io_hdf5_take_chunks(io_hdf5 *dataset, hid_t how, berg_error *error);
/* The elements [begin[d], end[d]) of each dimension of a chunked dataset, bytes as stored. Elements of one row follow
 * each other, rows are `pitch` bytes apart. */
berg_status io_hdf5_read_chunks(io_hdf5 *dataset, const size_t *begin, const size_t *end, size_t pitch, uint8_t *data,
                                berg_error *error);

/* The same, with libhdf5 entered and left. */
berg_status io_hdf5_read_box(io_hdf5 *dataset, const size_t *begin, const size_t *end, size_t pitch, void *data,
                             berg_error *error);
/* `size` bytes of a dataset that is not chunked, from byte `first` of its elements. */
berg_status io_hdf5_read_bytes(io_hdf5 *dataset, size_t first, size_t size, void *data, berg_error *error);
/* To this machine's byte order. */
void io_hdf5_order_bytes(const io_hdf5 *dataset, void *data, size_t size);

#endif
