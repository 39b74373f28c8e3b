/* What is of variable length in a new HDF5 file: one global heap of all texts and lists, references to its pieces, and
 * the datasets of one list. */
#include "io/hdf5/hdf5_draft_parts.h"
#include "io/hdf5/hdf5_fields.h"

#define LEAST 4096 /* bytes of a heap */
#define PIECE_FRAME 16
#define CHILDREN 64 /* of a node over chunks */
#define KEY_BYTES 24

void io_h5_put_heap(io_hdf5_draft *draft, io_h5_put *to) {
  io_h5_put_align(to);
  const size_t start = to->at;
  draft->heap = start;
  io_h5_put_bytes(to, "GCOL", 4);
  io_h5_put_number(to, 1, 4);
  io_h5_put_number(to, 0, 8);
  for (size_t i = 0; i < draft->piece_count; i++) {
    io_h5_put_number(to, i + 1, 8);
    io_h5_put_number(to, draft->pieces[i].size, 8);
    io_h5_put_bytes(to, draft->bytes + draft->pieces[i].at, draft->pieces[i].size);
    io_h5_put_align(to);
  }
  if (to->at + PIECE_FRAME <= start + LEAST) /* what is left is piece 0 */
    io_h5_put_number_at(to, to->at + 8, start + LEAST - to->at, 8);
  if (to->at < start + LEAST) io_h5_put_until(to, start + LEAST);
  io_h5_put_number_at(to, start + 8, to->at - start, 8);
}

void io_h5_put_reference(const io_hdf5_draft *draft, size_t piece, io_h5_put *to) {
  io_h5_put_number(to, draft->pieces[piece].size, 4);
  io_h5_put_number(to, draft->heap, 8);
  io_h5_put_number(to, piece + 1, 4);
}

/* Where a chunk begins, in elements and in bytes of one. */
static void put_key(io_h5_put *to, size_t bytes, size_t row, size_t byte) {
  io_h5_put_number(to, bytes, 8);
  io_h5_put_number(to, row, 8);
  io_h5_put_number(to, byte, 8);
}

void io_h5_put_chunk(const io_hdf5_draft *draft, io_h5_object *list, io_h5_put *to) {
  io_h5_put_align(to);
  list->chunk = to->at;
  io_h5_put_reference(draft, list->piece, to);
  list->tree = to->at;
  io_h5_put_bytes(to, "TREE", 4);
  io_h5_put_number(to, 1, 2);
  io_h5_put_number(to, 1, 2);
  io_h5_put_number(to, IO_H5_NONE, 8);
  io_h5_put_number(to, IO_H5_NONE, 8);
  put_key(to, IO_H5_REFERENCE_BYTES, 0, 0);
  io_h5_put_number(to, list->chunk, 8);
  put_key(to, 0, 1, IO_H5_REFERENCE_BYTES);
  io_h5_put_until(to, list->tree + 24 + CHILDREN * 8 + (CHILDREN + 1) * KEY_BYTES);
}
