/* Where the data of a dataset are: in its header, in one piece, or in chunks. All is checked to lie in this file before
 * anything is allocated for it. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/hdf5/hdf5_handle.h"

#define CHUNK_MAX ((uint64_t)1 << 30)

enum { EDGE_IS_PLAIN = 1, SINGLE_IS_FILTERED = 2 };

static berg_status cut_short(const io_hdf5 *dataset, berg_error *error) {
  return io_h5_damaged(&dataset->file, IO_H5_NONE, "what it says of its data is cut short", error);
}

static berg_status take_compact(io_hdf5 *dataset, io_h5_fields *fields, size_t width, size_t bytes, berg_error *error) {
  const uint64_t stored = io_h5_number(fields, width);
  const uint8_t *data = io_h5_bytes(fields, stored);
  if (!data) return cut_short(dataset, error);
  if (stored < bytes) return io_hdf5_refuse(dataset, "its data are not where they should be", NULL, NULL, error);
  dataset->compact = base_alloc(bytes, 1, error);
  if (!dataset->compact) return BERG_ELIMIT;
  memcpy(dataset->compact, data, bytes);
  return BERG_OK;
}

static berg_status take_contiguous(io_hdf5 *dataset, io_h5_fields *fields, size_t bytes, berg_error *error) {
  const io_h5_file *file = &dataset->file;
  dataset->address = io_h5_address(fields, file->offset_size);
  if (fields->is_short) return cut_short(dataset, error);
  if (!bytes) return BERG_OK;
  if (dataset->address == IO_H5_NONE) return io_hdf5_refuse(dataset, "its data were never written", NULL, NULL, error);
  if (io_h5_is_inside(file, dataset->address, bytes)) return BERG_OK;
  char expected[80], found[48];
  base_print(expected, sizeof expected, "%zu bytes from byte %llu", bytes,
             (unsigned long long)file->base + dataset->address);
  base_print(found, sizeof found, "a file of %llu", (unsigned long long)file->bytes);
  return io_hdf5_refuse(dataset, "its data reach beyond the end of the file", expected, found, error);
}

/* `count` numbers of `width` bytes: the chunk's shape and, at the end, an element's size. */
static berg_status take_chunk_shape(io_hdf5 *dataset, io_h5_fields *fields, uint64_t count, size_t width,
                                    berg_error *error) {
  uint64_t bytes = dataset->about.itemsize;
  if (count != dataset->about.ndim + 1 || count == 1 || !width || width > 8)
    return io_h5_damaged(&dataset->file, IO_H5_NONE, "its chunks are of another shape", error);
  for (size_t d = 0; d < dataset->about.ndim; d++) {
    const uint64_t length = io_h5_number(fields, width);
    if (!length || __builtin_mul_overflow(bytes, length, &bytes) || bytes > CHUNK_MAX)
      return io_hdf5_refuse(dataset, "chunks of no size or too large", "at most 1 GiB", NULL, error);
    dataset->chunk[d] = (size_t)length;
    dataset->index.chunk[d] = length;
  }
  if (io_h5_number(fields, width) != dataset->about.itemsize)
    return io_h5_damaged(&dataset->file, IO_H5_NONE, "its chunks hold elements of another size", error);
  dataset->chunk_bytes = (size_t)bytes;
  dataset->index.chunk_bytes = bytes;
  dataset->block_room = io_filters_room(dataset->chunk_bytes);
  return BERG_OK;
}

static berg_status take_old_chunks(io_hdf5 *dataset, io_h5_fields *fields, uint64_t count, berg_error *error) {
  dataset->index.kind = IO_H5_INDEX_OLD;
  dataset->index.address = io_h5_address(fields, dataset->file.offset_size);
  return take_chunk_shape(dataset, fields, count, 4, error);
}

/* What the layout says of its index beside the address; of all else the index has a header. */
static void take_index_about(io_hdf5 *dataset, io_h5_fields *fields, uint64_t flags) {
  io_h5_index *index = &dataset->index;
  index->single.size = index->chunk_bytes;
  if (index->kind == IO_H5_INDEX_SINGLE && flags & SINGLE_IS_FILTERED) {
    index->single.size = io_h5_number(fields, dataset->file.length_size);
    index->single.mask = (uint32_t)io_h5_number(fields, 4);
  }
  io_h5_bytes(fields, index->kind == IO_H5_INDEX_FIXED        ? 1
                      : index->kind == IO_H5_INDEX_EXTENSIBLE ? 5
                      : index->kind == IO_H5_INDEX_TREE       ? 6
                                                              : 0);
}

static berg_status take_new_chunks(io_hdf5 *dataset, io_h5_fields *fields, berg_error *error) {
  const uint64_t flags = io_h5_number(fields, 1), count = io_h5_number(fields, 1), width = io_h5_number(fields, 1);
  berg_status status = take_chunk_shape(dataset, fields, count, width, error);
  if (status) return status;
  const uint64_t kind = io_h5_number(fields, 1);
  if (kind < IO_H5_INDEX_SINGLE || kind > IO_H5_INDEX_TREE)
    return io_h5_damaged(&dataset->file, IO_H5_NONE, "the index of its chunks is of unknown kind", error);
  dataset->index.kind = (io_h5_index_kind)kind;
  dataset->index.is_edge_plain = flags & EDGE_IS_PLAIN;
  take_index_about(dataset, fields, flags);
  dataset->index.address = dataset->index.single.address = io_h5_address(fields, dataset->file.offset_size);
  return BERG_OK;
}

static berg_status take_chunks(io_hdf5 *dataset, const io_h5_header *header, io_h5_fields *fields, uint64_t version,
                               uint64_t count, berg_error *error) {
  if (dataset->is_text)
    return io_hdf5_refuse(dataset, "text in chunks, which is not supported: h5repack -l CONTI rewrites the file", NULL,
                          NULL, error);
  berg_status status = version <= 3
                           ? take_old_chunks(dataset, fields, version == 3 ? io_h5_number(fields, 1) : count, error)
                           : take_new_chunks(dataset, fields, error);
  if (status) return status;
  if (fields->is_short) return cut_short(dataset, error);
  dataset->filters.itemsize = dataset->about.itemsize;
  const io_h5_message *filters = io_h5_find(header, IO_H5_FILTERS);
  io_h5_header other = {.bytes = NULL};
  io_h5_fields about;
  if (filters) status = io_h5_follow_shared(&other, &dataset->file, header, filters, &about, error);
  if (filters && !status) status = io_hdf5_take_filters(dataset, about, error);
  io_h5_header_free(&other);
  dataset->index.is_filtered = dataset->filters.count != 0;
  return status;
}

berg_status io_hdf5_take_storage(io_hdf5 *dataset, const io_h5_header *header, berg_error *error) {
  size_t bytes = dataset->about.itemsize;
  for (size_t d = 0; d < dataset->about.ndim; d++) bytes *= dataset->about.shape[d];
  io_h5_fields fields = io_h5_fields_in(header, io_h5_find(header, IO_H5_LAYOUT));
  const uint64_t version = io_h5_number(&fields, 1), count = version < 3 ? io_h5_number(&fields, 1) : 0;
  const uint64_t class = io_h5_number(&fields, 1);
  if (version < 3) io_h5_bytes(&fields, 5);
  if (fields.is_short) return cut_short(dataset, error);
  if (version < 1 || version > 5 || class > IO_HDF5_VIRTUAL) {
    char found[64];
    base_print(found, sizeof found, "version %u; h5repack rewrites the file", (unsigned)version);
    return io_hdf5_refuse(dataset, "a layout that is not supported", "version 1 to 5", found, error);
  }
  dataset->layout = (io_hdf5_layout) class;
  if (dataset->layout == IO_HDF5_VIRTUAL || io_h5_find(header, IO_H5_EXTERNAL))
    return io_hdf5_refuse(
        dataset, "its data lie in other files, which are not followed: h5repack -l CONTI makes one file of them", NULL,
        NULL, error);
  if (dataset->layout == IO_HDF5_COMPACT) {
    if (version < 3) io_h5_bytes(&fields, 4 * count); /* the shape once more */
    return take_compact(dataset, &fields, version < 3 ? 4 : 2, bytes, error);
  }
  if (dataset->layout == IO_HDF5_CONTIGUOUS) return take_contiguous(dataset, &fields, bytes, error);
  return take_chunks(dataset, header, &fields, version, count, error);
}
