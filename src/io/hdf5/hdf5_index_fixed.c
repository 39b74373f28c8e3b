/* The fixed array of chunks, for shapes that cannot grow: an element for each chunk of the largest shape, in C order,
 * and where they are many, in pages of which some were never written. */
#include "base/memory.h"
#include "io/hdf5/hdf5_checksum.h"
#include "io/hdf5/hdf5_index.h"

#define PREFIX 6 /* signature, version, kind */
#define WHAT "the array of its chunks"

typedef struct array {
  io_h5_index *index;
  io_h5_file *file;
  size_t element;           /* bytes */
  uint64_t count, of_page;  /* elements */
  uint64_t data;            /* the address of the block with the elements */
  io_h5_block block, first; /* of a page; of what is before the pages */
} array;

static void place_of(const io_h5_index *index, uint64_t number, uint64_t *place) {
  for (size_t d = index->ndim; d-- > 1;) {
    const uint64_t along = io_h5_index_most(index, d);
    place[d] = number % along;
    number /= along;
  }
  place[0] = number;
}

static berg_status take(const array *a, const io_h5_block *block, size_t from, uint64_t first, uint64_t count,
                        berg_error *error) {
  io_h5_fields fields = io_h5_fields_of(block, from);
  berg_status status = BERG_OK;
  for (uint64_t i = 0; i < count && !status; i++) {
    uint64_t place[BERG_MAX_DIMS];
    const io_h5_chunk chunk = io_h5_index_element(a->index, a->file, &fields, a->element);
    place_of(a->index, first + i, place);
    status = io_h5_index_add(a->index, place, chunk, error);
  }
  return status;
}

static berg_status read_header(array *a, berg_error *error) {
  io_h5_file *file = a->file;
  const size_t size = PREFIX + 2 + file->length_size + file->offset_size + IO_H5_CHECKSUM_BYTES;
  berg_status status = io_h5_load_signed(file, &a->block, a->index->address, size, "FAHD", true, WHAT, error);
  if (status) return status;
  io_h5_fields fields = io_h5_fields_of(&a->block, 4);
  const uint64_t version = io_h5_number(&fields, 1), client = io_h5_number(&fields, 1);
  a->element = io_h5_number(&fields, 1);
  const uint64_t bits = io_h5_number(&fields, 1);
  a->count = io_h5_number(&fields, file->length_size);
  a->data = io_h5_address(&fields, file->offset_size);
  bool is_plausible =
      !version && client == a->index->is_filtered && bits < 32 && io_h5_index_is_element(a->index, file, a->element);
  for (size_t d = 0; d < a->index->ndim; d++) {
    const uint64_t along = io_h5_index_most(a->index, d);
    is_plausible &= along && along != IO_H5_NONE;
  }
  if (!is_plausible || a->count > file->bytes)
    return io_h5_damaged(file, a->index->address, WHAT " contradicts itself", error);
  a->of_page = (uint64_t)1 << bits;
  return BERG_OK;
}

static berg_status read_whole(array *a, berg_error *error) {
  const size_t prefix = PREFIX + a->file->offset_size;
  berg_status status = io_h5_load_signed(
      a->file, &a->block, a->data, prefix + a->count * a->element + IO_H5_CHECKSUM_BYTES, "FADB", true, WHAT, error);
  return status ? status : take(a, &a->block, prefix, 0, a->count, error);
}

static berg_status read_page(array *a, uint64_t page, uint64_t address, berg_error *error) {
  const uint64_t first = page * a->of_page, left = a->count - first;
  const uint64_t count = left < a->of_page ? left : a->of_page;
  berg_status status = io_h5_load(a->file, &a->block, address, count * a->element + IO_H5_CHECKSUM_BYTES, error);
  if (status) return status;
  if (!io_h5_is_whole(a->block.bytes, a->block.size))
    return io_h5_damaged(a->file, address, WHAT " has another checksum", error);
  return take(a, &a->block, 0, first, count, error);
}

/* Bits say which pages were written. */
static berg_status read_pages(array *a, berg_error *error) {
  const uint64_t pages = a->count / a->of_page + (a->count % a->of_page != 0);
  const size_t prefix = PREFIX + a->file->offset_size, size = prefix + (pages + 7) / 8 + IO_H5_CHECKSUM_BYTES;
  berg_status status = io_h5_load_signed(a->file, &a->first, a->data, size, "FADB", true, WHAT, error);
  const uint64_t step = a->of_page * a->element + IO_H5_CHECKSUM_BYTES;
  for (uint64_t page = 0; page < pages && !status; page++)
    if (a->first.bytes[prefix + page / 8] & 0x80 >> page % 8)
      status = read_page(a, page, a->data + size + page * step, error);
  return status;
}

berg_status io_h5_index_fixed(io_h5_index *index, io_h5_file *file, berg_error *error) {
  array a = {.index = index, .file = file};
  berg_status status = read_header(&a, error);
  if (!status && a.data != IO_H5_NONE) status = a.count > a.of_page ? read_pages(&a, error) : read_whole(&a, error);
  base_free(a.block.bytes);
  base_free(a.first.bytes);
  return status;
}
