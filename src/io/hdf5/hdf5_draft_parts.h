/* What a draft of an HDF5 file consists of, for hdf5_draft*.c alone. Each part is put twice, by the same code: once to
 * learn how long it is and so where all others lie, once in earnest. */
#ifndef IO_HDF5_DRAFT_PARTS_H
#define IO_HDF5_DRAFT_PARTS_H

#include "io/hdf5/hdf5_draft.h"
#include "io/hdf5/hdf5_put.h"

#define IO_H5_NO_NOTE SIZE_MAX
#define IO_H5_REFERENCE_BYTES 16 /* to a piece of the global heap */

typedef struct io_h5_object {
  size_t name;  /* in draft->bytes */
  size_t group; /* that it lies in */
  bool is_group, is_list;
  io_hdf5_type type;
  size_t shape[BERG_MAX_DIMS], ndim;
  size_t size; /* of the data */
  uint64_t *offset;
  size_t piece; /* of a list */
  size_t first_note, last_note, note_count;
  size_t first_member, member_count;        /* of a group, among draft->members */
  uint64_t header, heap, tree, chunk, data; /* addresses */
} io_h5_object;

typedef struct io_h5_note {
  size_t name, value, size; /* in draft->bytes */
  io_hdf5_type type;
  bool has_value;
  size_t piece; /* of a list */
  size_t next;  /* of the same object */
} io_h5_note;

typedef struct io_h5_piece {
  size_t at, size; /* in draft->bytes */
} io_h5_piece;

typedef struct io_h5_member {
  size_t group;
  const char *name;
  size_t object;
  uint64_t place; /* of the name, in the group's heap */
} io_h5_member;

/* The header with its messages. */
void io_h5_put_header(io_hdf5_draft *draft, io_h5_object *object, io_h5_put *to);
/* A group's names, members and their tree. */
void io_h5_put_members(const io_hdf5_draft *draft, io_h5_object *group, io_h5_put *to);
/* How a member, or the root, is entered: by what its name is in the heap of its group. */
void io_h5_put_entry(const io_h5_object *object, uint64_t name, io_h5_put *to);
/* The chunk of a list, and the tree that leads to it. */
void io_h5_put_chunk(const io_hdf5_draft *draft, io_h5_object *list, io_h5_put *to);
/* The global heap, and what leads to a piece of it. */
void io_h5_put_heap(io_hdf5_draft *draft, io_h5_put *to);
void io_h5_put_reference(const io_hdf5_draft *draft, size_t piece, io_h5_put *to);

#endif
