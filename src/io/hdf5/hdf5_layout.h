/* An HDF5 file of several datasets, laid out at once: each is contiguous, its space set aside, to be written where it
 * lies (io/file/put_at.h). No times are stored: the same data give the same bytes. */
#ifndef IO_HDF5_LAYOUT_H
#define IO_HDF5_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct io_hdf5_part {
  const char *name; /* "responses", or "group/name": the group comes before it as a part of its own; */
  bool is_group;    /* which is this */
  bool is_empty;    /* a dataset without a shape: Python's None as h5py writes it */
  berg_dtype dtype; /* F32, F64, I64; STRING: of fixed length, `itemsize` bytes filled up with zeros */
  bool is_utf8;     /* of STRING */
  size_t itemsize;  /* of STRING */
  size_t shape[2], ndim;
  uint64_t offset; /* out: where its data are */
} io_hdf5_part;

typedef struct io_hdf5_note {
  const char *part; /* NULL: of the file */
  const char *name, *text;
  bool is_variable; /* of variable length, as h5py writes Python's str, and gives it back; else h5py gives bytes */
} io_hdf5_note;

/* Lays the parts out in the file at `path`, which exists and is empty or may be overwritten; messages call it `called`.
 * The space is set aside on the disk. EWRITE, also where the disk is too small. */
berg_status io_hdf5_lay_out(const char *path, int file, const char *called, io_hdf5_part *parts, size_t count,
                            const io_hdf5_note *notes, size_t note_count, berg_error *error);

#endif
