/* A new HDF5 file, described before there is any of it: groups, datasets and their attributes. Then all is laid out at
 * once, and all is written but the data, which the caller puts where they lie (io/file/put_at.h). The format is the
 * oldest, which every reader knows; no times are stored: the same description gives the same bytes.
 *
 * What could not be added is remembered, and finishing fails with it, so that callers need not check each step. */
#ifndef IO_HDF5_DRAFT_H
#define IO_HDF5_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "io/hdf5/hdf5_class.h"

#define IO_HDF5_ROOT ((size_t)0)   /* the group that is there from the start */
#define IO_HDF5_NOWHERE UINT64_MAX /* where data of no bytes are */
#define IO_HDF5_NOTES_MAX 4096     /* attributes of a group or dataset */

typedef struct io_hdf5_type {
  io_hdf5_class class;
  size_t size; /* of an element */
  bool is_signed;
  bool is_utf8;       /* of text, else ASCII; of a list: whether it is text */
  bool is_terminated; /* text that is shorter, by a zero; else it is filled up with zeros, which h5py takes away */
} io_hdf5_type;

typedef struct io_hdf5_draft {
  const char *path; /* for messages */
  berg_error *error;
  berg_status status;           /* of the first thing that could not be added */
  struct io_h5_object *objects; /* the root, then in the order in which they were added */
  size_t object_count, object_room;
  struct io_h5_note *notes;
  size_t note_count, note_room;
  struct io_h5_piece *pieces; /* of the global heap */
  size_t piece_count, piece_room;
  struct io_h5_member *members; /* by group and name */
  char *bytes;                  /* names and values */
  size_t byte_count, byte_room;
  uint64_t heap, end; /* addresses */
} io_hdf5_draft;

/* Little-endian: U8, I64, F32, F64. */
io_hdf5_type io_hdf5_number(berg_dtype dtype);
/* Of fixed length, `bytes`, at least 1; UTF-8, filled up with zeros. */
io_hdf5_type io_hdf5_text(size_t bytes);

/* `path` is what messages call the file, and `error` takes what goes wrong; both stay the caller's until the end. */
void io_hdf5_draft_begin(io_hdf5_draft *draft, const char *path, berg_error *error);
/* Whether a dataset or group can be called that: not "" nor ".", without "/", short enough for our reader. */
bool io_hdf5_is_name(const char *name);
/* Each returns what it added, to be named as `group` or `object`. Names and values are copied. */
size_t io_hdf5_add_group(io_hdf5_draft *draft, size_t group, const char *name);
/* Contiguous. Finishing sets `*offset`: where in the file its data begin. */
size_t io_hdf5_add_dataset(io_hdf5_draft *draft, size_t group, const char *name, io_hdf5_type type, const size_t *shape,
                           size_t ndim, uint64_t *offset);
/* A list of bytes, alone in a dataset that can grow, as PyTables has its arrays of objects. */
size_t io_hdf5_add_list(io_hdf5_draft *draft, size_t group, const char *name, const void *bytes, size_t size);
/* `value` NULL: an attribute without a value. */
void io_hdf5_add_note(io_hdf5_draft *draft, size_t object, const char *name, io_hdf5_type type, const void *value);
void io_hdf5_add_number_note(io_hdf5_draft *draft, size_t object, const char *name, int64_t value);
/* Of fixed length. */
void io_hdf5_add_text_note(io_hdf5_draft *draft, size_t object, const char *name, const char *text);
/* Of variable length, as h5py writes Python's str, and gives it back; of fixed length h5py gives bytes. */
void io_hdf5_add_string_note(io_hdf5_draft *draft, size_t object, const char *name, const char *text);

/* Lays out and writes all but the data into the empty `file`, which then has its whole size, `*bytes`; sets the
 * offsets; releases the draft either way. EARGUMENT: what is no name, or one twice in a group;
 * attributes of more than 64 KiB or too many. EWRITE, also where it would be too large; ELIMIT. */
berg_status io_hdf5_draft_finish(io_hdf5_draft *draft, int file, uint64_t *bytes);

#endif
