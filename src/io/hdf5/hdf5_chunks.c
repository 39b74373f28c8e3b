/* A chunked dataset is a grid of blocks of one shape, the last ones hanging over the edge; each lies in the
 * file as the filters left it. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/hdf5/hdf5_handle.h"

#define CHUNK_MAX ((uint64_t)1 << 30)

static berg_status take_filters(io_hdf5 *dataset, hid_t how, berg_error *error) {
  int count = H5Pget_nfilters(how);
  if (count < 0) return io_hdf5_fail(dataset, "has no readable filters", error);
  if (count > IO_FILTERS_MAX) return io_hdf5_refuse(dataset, "too many filters", "at most 8", NULL, error);
  dataset->filters.count = (size_t)count;
  dataset->filters.itemsize = dataset->about.itemsize;
  for (unsigned f = 0; f < (unsigned)count; f++) {
    unsigned flags, configuration;
    size_t values = 0;
    char name[40] = "", found[96];
    H5Z_filter_t number = H5Pget_filter2(how, f, &flags, &values, NULL, sizeof name, name, &configuration);
    if (!io_filters_knows(number)) {
      base_print(found, sizeof found, "filter %d (%.39s); h5repack -f GZIP=4 rewrites the file", (int)number, name);
      return io_hdf5_refuse(dataset, "unsupported compression", "gzip, lzf, shuffle, fletcher32", found, error);
    }
    dataset->filters.kinds[f] = (io_filter_kind)number;
  }
  return BERG_OK;
}

berg_status io_hdf5_take_chunks(io_hdf5 *dataset, hid_t how, berg_error *error) {
  hsize_t chunk[H5S_MAX_RANK];
  int ndim = H5Pget_chunk(how, H5S_MAX_RANK, chunk);
  if (ndim < 0 || (size_t)ndim != dataset->about.ndim)
    return io_hdf5_fail(dataset, "has chunks of another shape", error);
  uint64_t bytes = dataset->about.itemsize;
  for (int d = 0; d < ndim; d++) {
    if (!chunk[d] || __builtin_mul_overflow(bytes, chunk[d], &bytes) || bytes > CHUNK_MAX)
      return io_hdf5_refuse(dataset, "chunks of no size or too large", "at most 1 GiB", NULL, error);
    dataset->chunk[d] = (size_t)chunk[d];
  }
  dataset->chunk_bytes = (size_t)bytes;
  dataset->block_room = io_filters_room(dataset->chunk_bytes);
  return take_filters(dataset, how, error);
}

/* What is in the chunk whose first element is at `at`, decoded, into `block`. */
static berg_status load(io_hdf5 *dataset, const size_t *at, berg_error *error) {
  hsize_t offset[BERG_MAX_DIMS], stored = 0;
  uint32_t mask = 0;
  for (size_t d = 0; d < dataset->about.ndim; d++) offset[d] = at[d];
  dataset->holds = false;
  /* Releases differ in whether a chunk that is not there is an error. */
  if (H5Dget_chunk_storage_size(dataset->dataset, offset, &stored) < 0 || !stored)
    return io_hdf5_refuse(dataset, "some of its data were never written, or cannot be found", NULL, NULL, error);
  if (stored > dataset->block_room || stored > dataset->file_bytes)
    return io_hdf5_refuse(dataset, "a chunk is larger than it can be", NULL, NULL, error);
  /* Allocated only now that a chunk is known to be in the file. */
  if (!dataset->block) dataset->block = base_alloc(dataset->block_room, 1, error);
  if (!dataset->scratch) dataset->scratch = base_alloc(dataset->block_room, 1, error);
  if (!dataset->block || !dataset->scratch) return BERG_ELIMIT;
  if (H5Dread_chunk(dataset->dataset, H5P_DEFAULT, offset, &mask, dataset->block) < 0)
    return io_hdf5_fail(dataset, "a chunk cannot be read", error);
  const char *wrong = io_filters_undo(&dataset->filters, mask, &dataset->block, (size_t)stored, &dataset->scratch,
                                      dataset->chunk_bytes);
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
