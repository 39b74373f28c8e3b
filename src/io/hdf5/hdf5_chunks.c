/* A chunked dataset is a grid of blocks of one shape, the last ones hanging over the edge; each lies in the
 * file as the filters left it. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/hdf5/hdf5_handle.h"

/* Where the chunk is whose first element is at `at`, checked to fit the room there is for it. */
static berg_status find(io_hdf5 *dataset, const size_t *at, io_h5_chunk *chunk, berg_error *error) {
  uint64_t place[BERG_MAX_DIMS];
  for (size_t d = 0; d < dataset->about.ndim; d++) place[d] = at[d] / dataset->chunk[d];
  berg_status status = io_h5_index_find(&dataset->index, &dataset->file, place, chunk, error);
  if (status) return status;
  if (chunk->address == IO_H5_NONE || !chunk->size)
    return io_hdf5_refuse(dataset, "some of its data were never written, or cannot be found", NULL, NULL, error);
  if (chunk->size > dataset->block_room)
    return io_hdf5_refuse(dataset, "a chunk is larger than it can be", NULL, NULL, error);
  if (!io_h5_is_inside(&dataset->file, chunk->address, chunk->size))
    return io_h5_damaged(&dataset->file, chunk->address, "a chunk reaches beyond the end of the file", error);
  return BERG_OK;
}

/* What is in the chunk whose first element is at `at`, decoded, into `block`. */
static berg_status load(io_hdf5 *dataset, const size_t *at, berg_error *error) {
  io_h5_chunk chunk;
  dataset->holds = false;
  berg_status status = find(dataset, at, &chunk, error);
  if (status) return status;
  /* Allocated only now that a chunk is known to be in the file. */
  if (!dataset->block) dataset->block = base_alloc(dataset->block_room, 1, error);
  if (!dataset->scratch) dataset->scratch = base_alloc(dataset->block_room, 1, error);
  if (!dataset->block || !dataset->scratch) return BERG_ELIMIT;
  status = io_h5_read(&dataset->file, chunk.address, dataset->block, (size_t)chunk.size, error);
  if (status) return status;
  const char *wrong = io_filters_undo(&dataset->filters, chunk.mask, &dataset->block, (size_t)chunk.size,
                                      &dataset->scratch, dataset->chunk_bytes);
  if (wrong == io_filters_no_memory) return base_fail_memory(error, 0);
  if (wrong) {
    char what[128];
    base_print(what, sizeof what, "a chunk (at row %zu) is damaged: %s", at[0], wrong);
    return io_hdf5_refuse(dataset, what, NULL, NULL, error);
  }
  memcpy(dataset->held, at, sizeof dataset->held);
  dataset->holds = true;
  return BERG_OK;
}

/* The next index within [low, high) of the first `ndim` dimensions, the last fastest, in steps; false after
 * the last. */
static bool advance(size_t *at, const size_t *low, const size_t *high, const size_t *step, size_t ndim) {
  for (size_t d = ndim; d-- > 0;) {
    if (step[d] < high[d] - at[d]) {
      at[d] += step[d];
      return true;
    }
    at[d] = low[d];
  }
  return false;
}

/* From the chunk held to the part of the box [begin, end) that it covers. */
static void copy_part(const io_hdf5 *dataset, const size_t *begin, const size_t *end, size_t pitch, uint8_t *data) {
  const size_t ndim = dataset->about.ndim, item = dataset->about.itemsize;
  size_t low[BERG_MAX_DIMS] = {0}, high[BERG_MAX_DIMS] = {0}, at[BERG_MAX_DIMS];
  static const size_t one[BERG_MAX_DIMS] = {1, 1, 1, 1, 1, 1, 1, 1};
  for (size_t d = 0; d < ndim; d++) {
    low[d] = dataset->held[d] > begin[d] ? dataset->held[d] : begin[d];
    high[d] = dataset->chunk[d] < end[d] - dataset->held[d] ? dataset->held[d] + dataset->chunk[d] : end[d];
  }
  memcpy(at, low, sizeof at);
  const size_t run = (high[ndim - 1] - low[ndim - 1]) * item;
  do {
    size_t from = 0, to = 0;
    for (size_t d = 0; d < ndim; d++) {
      from = from * dataset->chunk[d] + (at[d] - dataset->held[d]);
      if (d) to = to * (end[d] - begin[d]) + (at[d] - begin[d]);
    }
    memcpy(data + (at[0] - begin[0]) * pitch + to * item, dataset->block + from * item, run);
  } while (advance(at, low, high, one, ndim - 1));
}

berg_status io_hdf5_read_chunks(io_hdf5 *dataset, const size_t *begin, const size_t *end, size_t pitch, uint8_t *data,
                                berg_error *error) {
  const size_t ndim = dataset->about.ndim;
  size_t low[BERG_MAX_DIMS], at[BERG_MAX_DIMS];
  for (size_t d = 0; d < ndim; d++) {
    if (begin[d] == end[d]) return BERG_OK;
    low[d] = at[d] = begin[d] / dataset->chunk[d] * dataset->chunk[d];
  }
  do {
    /* cppcheck-suppress uninitvar ; a chunked dataset has dimensions */
    bool held = dataset->holds && !memcmp(at, dataset->held, ndim * sizeof *at);
    berg_status status = held ? BERG_OK : load(dataset, at, error);
    if (status) return status;
    copy_part(dataset, begin, end, pitch, data);
  } while (advance(at, low, end, dataset->chunk, ndim));
  return BERG_OK;
}
