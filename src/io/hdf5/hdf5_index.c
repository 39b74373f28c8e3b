/* The list of a dataset's chunks, out of whatever index the file has. */
#include "io/hdf5/hdf5_index.h"

#include <stdlib.h>

#include "base/memory.h"
#include "io/hdf5/hdf5_tree.h"

#define MASK_BYTES 4
#define PLACE_BYTES 8

static uint64_t chunks_along(uint64_t length, uint64_t chunk) { return length / chunk + (length % chunk != 0); }

uint64_t io_h5_index_most(const io_h5_index *index, size_t dim) {
  return index->most[dim] == IO_H5_NONE ? IO_H5_NONE : chunks_along(index->most[dim], index->chunk[dim]);
}

/* Shapes are small enough for the number of all their elements to fit. False: beyond the shape. */
static bool number_of(const io_h5_index *index, const uint64_t *place, uint64_t *number) {
  *number = 0;
  for (size_t d = 0; d < index->ndim; d++) {
    const uint64_t along = chunks_along(index->shape[d], index->chunk[d]);
    if (place[d] >= along) return false;
    *number = *number * along + place[d];
  }
  return true;
}

berg_status io_h5_index_add(io_h5_index *index, const uint64_t *place, io_h5_chunk chunk, berg_error *error) {
  if (chunk.address == IO_H5_NONE || !number_of(index, place, &chunk.number)) return BERG_OK;
  if (!base_grow((void **)&index->chunks, &index->room, index->count + 1, sizeof *index->chunks, error))
    return BERG_ELIMIT;
  index->chunks[index->count++] = chunk;
  return BERG_OK;
}

bool io_h5_index_is_element(const io_h5_index *index, const io_h5_file *file, size_t size) {
  const size_t plain = file->offset_size;
  return index->is_filtered ? size > plain + MASK_BYTES && size <= plain + MASK_BYTES + 8 : size == plain;
}

io_h5_chunk io_h5_index_element(const io_h5_index *index, const io_h5_file *file, io_h5_fields *fields, size_t size) {
  io_h5_chunk chunk = {.size = index->chunk_bytes};
  chunk.address = io_h5_address(fields, file->offset_size);
  if (!index->is_filtered) return chunk;
  chunk.size = io_h5_number(fields, size - file->offset_size - MASK_BYTES);
  chunk.mask = (uint32_t)io_h5_number(fields, MASK_BYTES);
  return chunk;
}

/* --- B-trees --- */

typedef struct reader {
  io_h5_index *index;
  const io_h5_file *file;
} reader;

/* A key is the chunk's size, mask, and its first element, with a dimension of an element's bytes at the end. */
static berg_status visit_old(void *user, io_h5_fields record, berg_error *error) {
  const reader *r = user;
  io_h5_chunk chunk = {.size = io_h5_number(&record, 4)};
  uint64_t place[BERG_MAX_DIMS];
  chunk.mask = (uint32_t)io_h5_number(&record, MASK_BYTES);
  for (size_t d = 0; d < r->index->ndim; d++) {
    const uint64_t first = io_h5_number(&record, PLACE_BYTES);
    if (first % r->index->chunk[d])
      return io_h5_damaged(r->file, r->index->address, "a chunk is not in its grid", error);
    place[d] = first / r->index->chunk[d];
  }
  io_h5_bytes(&record, PLACE_BYTES);
  chunk.address = io_h5_address(&record, r->file->offset_size);
  return io_h5_index_add(r->index, place, chunk, error);
}

static berg_status visit_new(void *user, io_h5_fields record, berg_error *error) {
  const reader *r = user;
  const size_t places = r->index->ndim * PLACE_BYTES;
  uint64_t place[BERG_MAX_DIMS];
  if (record.left < places || !io_h5_index_is_element(r->index, r->file, record.left - places))
    return io_h5_damaged(r->file, r->index->address, "the index of its chunks has records of another size", error);
  const io_h5_chunk chunk = io_h5_index_element(r->index, r->file, &record, record.left - places);
  for (size_t d = 0; d < r->index->ndim; d++) place[d] = io_h5_number(&record, PLACE_BYTES);
  return io_h5_index_add(r->index, place, chunk, error);
}

static berg_status read_kind(io_h5_index *index, io_h5_file *file, berg_error *error) {
  reader r = {index, file};
  switch (index->kind) {
  case IO_H5_INDEX_OLD:
    return io_h5_tree_old(file, index->address, IO_H5_TREE_CHUNKS, 8 + (index->ndim + 1) * PLACE_BYTES, visit_old, &r,
                          error);
  case IO_H5_INDEX_TREE:
    return io_h5_tree_new(file, index->address, index->is_filtered ? IO_H5_TREE_FILTERED : IO_H5_TREE_PLAIN, visit_new,
                          &r, error);
  case IO_H5_INDEX_FIXED: return io_h5_index_fixed(index, file, error);
  case IO_H5_INDEX_EXTENSIBLE: return io_h5_index_extensible(index, file, error);
  default: return BERG_OK;
  }
}

/* --- The list --- */

static int by_number(const void *a, const void *b) {
  const uint64_t first = ((const io_h5_chunk *)a)->number, second = ((const io_h5_chunk *)b)->number;
  return (first > second) - (first < second);
}

static berg_status read_all(io_h5_index *index, io_h5_file *file, berg_error *error) {
  berg_status status = read_kind(index, file, error);
  bool is_sorted = true;
  for (size_t i = 1; i < index->count; i++) is_sorted &= index->chunks[i - 1].number <= index->chunks[i].number;
  if (!is_sorted) qsort(index->chunks, index->count, sizeof *index->chunks, by_number);
  for (size_t i = 1; i < index->count && !status; i++)
    if (index->chunks[i - 1].number == index->chunks[i].number)
      status = io_h5_damaged(file, index->address, "the index of its chunks has one twice", error);
  index->is_read = !status;
  if (status) index->count = 0;
  return status;
}

/* Chunks of the shape at its largest, one behind the other. */
static io_h5_chunk implied(const io_h5_index *index, const uint64_t *place) {
  uint64_t number = 0;
  io_h5_chunk chunk = {.address = IO_H5_NONE, .size = index->chunk_bytes};
  for (size_t d = 0; d < index->ndim; d++)
    if (__builtin_mul_overflow(number, io_h5_index_most(index, d), &number) ||
        __builtin_add_overflow(number, place[d], &number))
      return chunk;
  if (__builtin_mul_overflow(number, index->chunk_bytes, &number) ||
      __builtin_add_overflow(number, index->address, &number))
    return chunk;
  chunk.address = number;
  return chunk;
}

static bool is_on_edge(const io_h5_index *index, const uint64_t *place) {
  for (size_t d = 0; d < index->ndim; d++)
    if (index->shape[d] / index->chunk[d] <= place[d]) return true;
  return false;
}

static io_h5_chunk look_up(const io_h5_index *index, const uint64_t *place) {
  io_h5_chunk wanted = {.address = IO_H5_NONE};
  if (!number_of(index, place, &wanted.number) || !index->count) return wanted;
  const io_h5_chunk *found = bsearch(&wanted, index->chunks, index->count, sizeof wanted, by_number);
  return found ? *found : wanted;
}

berg_status io_h5_index_find(io_h5_index *index, io_h5_file *file, const uint64_t *place, io_h5_chunk *chunk,
                             berg_error *error) {
  *chunk = (io_h5_chunk){.address = IO_H5_NONE};
  if (index->address == IO_H5_NONE) return BERG_OK;
  berg_status status = index->is_read ? BERG_OK : read_all(index, file, error);
  if (status) return status;
  *chunk = index->kind == IO_H5_INDEX_SINGLE     ? index->single
           : index->kind == IO_H5_INDEX_IMPLICIT ? implied(index, place)
                                                 : look_up(index, place);
  if (index->is_edge_plain && chunk->address != IO_H5_NONE && is_on_edge(index, place)) chunk->mask = UINT32_MAX;
  return BERG_OK;
}

void io_h5_index_free(io_h5_index *index) {
  base_free(index->chunks);
  index->chunks = NULL;
}
