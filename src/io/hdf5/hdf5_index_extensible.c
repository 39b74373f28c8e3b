/* The extensible array of chunks, for shapes that can grow along one dimension: a few elements in the index block, then
 * data blocks of a size that doubles every other time, the first of them named by the index block, those that follow by
 * secondary blocks, and the large ones in pages. */
#include "base/memory.h"
#include "io/hdf5/hdf5_checksum.h"
#include "io/hdf5/hdf5_index.h"

#define PREFIX 6 /* signature, version, kind */
#define BITS_MAX 48
#define WHAT "the growing array of its chunks"

typedef struct array {
  io_h5_index *index;
  io_h5_file *file;
  size_t grows;                 /* the dimension */
  size_t element, offset_bytes; /* of an element; of a block's place in the array */
  uint64_t in_index, least;     /* elements of the index block and of the smallest data block */
  unsigned groups, direct;      /* of data blocks of one size, and those that the index block names */
  uint64_t of_page;             /* elements */
  uint64_t data;                /* the address of the index block */
  uint64_t next;                /* the number of the next element */
  io_h5_block index_block, secondary, block;
} array;

static bool is_power(uint64_t number) { return number && !(number & (number - 1)); }

static unsigned log2_of(uint64_t power) { return (unsigned)__builtin_ctzll(power); }

static berg_status damaged(const array *a, berg_error *error) {
  return io_h5_damaged(a->file, a->index->address, WHAT " contradicts itself", error);
}

/* The dimension that grows is the slowest one of the array. */
static void place_of(const array *a, uint64_t number, uint64_t *place) {
  for (size_t d = a->index->ndim; d-- > 0;) {
    if (d == a->grows) continue;
    const uint64_t along = io_h5_index_most(a->index, d);
    place[d] = number % along;
    number /= along;
  }
  place[a->grows] = number;
}

static berg_status take(const array *a, io_h5_fields *fields, uint64_t first, uint64_t count, berg_error *error) {
  berg_status status = BERG_OK;
  for (uint64_t i = 0; i < count && !status; i++) {
    uint64_t place[BERG_MAX_DIMS];
    const io_h5_chunk chunk = io_h5_index_element(a->index, a->file, fields, a->element);
    if (fields->is_short) return damaged(a, error);
    place_of(a, first + i, place);
    status = io_h5_index_add(a->index, place, chunk, error);
  }
  return status;
}

/* One dimension has no limit, the others have room for a chunk. */
static bool find_growing(array *a) {
  size_t growing = 0;
  for (size_t d = 0; d < a->index->ndim; d++) {
    const uint64_t along = io_h5_index_most(a->index, d);
    if (!along) return false;
    if (along == IO_H5_NONE) a->grows = d, growing++;
  }
  return growing == 1;
}

static berg_status read_header(array *a, berg_error *error) {
  io_h5_file *file = a->file;
  const size_t size = PREFIX + 6 + 6 * file->length_size + file->offset_size + IO_H5_CHECKSUM_BYTES;
  berg_status status = io_h5_load_signed(file, &a->block, a->index->address, size, "EAHD", true, WHAT, error);
  if (status) return status;
  io_h5_fields fields = io_h5_fields_of(&a->block, 4);
  const uint64_t version = io_h5_number(&fields, 1), client = io_h5_number(&fields, 1);
  a->element = io_h5_number(&fields, 1);
  const uint64_t bits = io_h5_number(&fields, 1);
  a->in_index = io_h5_number(&fields, 1);
  a->least = io_h5_number(&fields, 1);
  const uint64_t pointers = io_h5_number(&fields, 1), page_bits = io_h5_number(&fields, 1);
  io_h5_bytes(&fields, 6 * file->length_size); /* how many blocks and elements there are */
  a->data = io_h5_address(&fields, file->offset_size);
  if (version || client != a->index->is_filtered || !io_h5_index_is_element(a->index, file, a->element) ||
      bits > BITS_MAX || !is_power(a->least) || log2_of(a->least) > bits || !is_power(pointers) || page_bits > 32 ||
      !find_growing(a))
    return damaged(a, error);
  a->groups = 1 + (unsigned)bits - log2_of(a->least);
  a->direct = 2 * log2_of(pointers);
  a->of_page = (uint64_t)1 << page_bits;
  a->offset_bytes = (bits + 7) / 8;
  return a->direct > a->groups ? damaged(a, error) : BERG_OK;
}

static uint64_t blocks_of(unsigned group) { return (uint64_t)1 << (group / 2); }
static uint64_t elements_of(const array *a, unsigned group) { return a->least << ((group + 1) / 2); }

static berg_status read_page(array *a, uint64_t address, uint64_t first, berg_error *error) {
  berg_status status = io_h5_load(a->file, &a->block, address, a->of_page * a->element + IO_H5_CHECKSUM_BYTES, error);
  if (status) return status;
  if (!io_h5_is_whole(a->block.bytes, a->block.size))
    return io_h5_damaged(a->file, address, WHAT " has another checksum", error);
  io_h5_fields fields = io_h5_fields_of(&a->block, 0);
  return take(a, &fields, first, a->of_page, error);
}

/* `bits`, from number `bit` on, say which pages were written. */
static berg_status read_pages(array *a, uint64_t address, uint64_t first, uint64_t pages, const uint8_t *bits,
                              uint64_t bit, berg_error *error) {
  const size_t prefix = PREFIX + a->file->offset_size + a->offset_bytes + IO_H5_CHECKSUM_BYTES;
  const uint64_t step = a->of_page * a->element + IO_H5_CHECKSUM_BYTES;
  berg_status status = io_h5_load_signed(a->file, &a->block, address, prefix, "EADB", true, WHAT, error);
  for (uint64_t page = 0; page < pages && !status; page++)
    if (bits[(bit + page) / 8] & 0x80 >> (bit + page) % 8)
      status = read_page(a, address + prefix + page * step, first + page * a->of_page, error);
  return status;
}

static berg_status read_block(array *a, uint64_t address, uint64_t first, uint64_t count, berg_error *error) {
  const size_t prefix = PREFIX + a->file->offset_size + a->offset_bytes;
  uint64_t size;
  if (__builtin_mul_overflow(count, a->element, &size)) return damaged(a, error);
  berg_status status =
      io_h5_load_signed(a->file, &a->block, address, prefix + size + IO_H5_CHECKSUM_BYTES, "EADB", true, WHAT, error);
  if (status) return status;
  io_h5_fields fields = io_h5_fields_of(&a->block, prefix);
  return take(a, &fields, first, count, error);
}

/* The data blocks of one size whose addresses are in the index block. */
static berg_status read_direct(array *a, unsigned group, io_h5_fields *fields, berg_error *error) {
  const uint64_t count = elements_of(a, group);
  berg_status status = count > a->of_page ? damaged(a, error) : BERG_OK;
  for (uint64_t b = 0; b < blocks_of(group) && !status; b++, a->next += count) {
    const uint64_t address = io_h5_address(fields, a->file->offset_size);
    if (fields->is_short) return damaged(a, error);
    if (address != IO_H5_NONE) status = read_block(a, address, a->next, count, error);
  }
  return status;
}

/* Those whose addresses are in a secondary block. */
static berg_status read_secondary(array *a, unsigned group, uint64_t address, berg_error *error) {
  const uint64_t blocks = blocks_of(group), count = elements_of(a, group);
  const uint64_t pages = count > a->of_page ? count / a->of_page : 0;
  const size_t prefix = PREFIX + a->file->offset_size + a->offset_bytes;
  const uint64_t bits = blocks * ((pages + 7) / 8);
  if (pages > a->file->bytes) return damaged(a, error);
  berg_status status = io_h5_load_signed(a->file, &a->secondary, address,
                                         prefix + bits + blocks * a->file->offset_size + IO_H5_CHECKSUM_BYTES, "EASB",
                                         true, WHAT, error);
  io_h5_fields fields = io_h5_fields_of(&a->secondary, prefix + bits);
  for (uint64_t b = 0; b < blocks && !status; b++) {
    const uint64_t data = io_h5_address(&fields, a->file->offset_size), first = a->next + b * count;
    if (data == IO_H5_NONE) continue;
    status = pages ? read_pages(a, data, first, pages, a->secondary.bytes + prefix, b * pages, error)
                   : read_block(a, data, first, count, error);
  }
  return status;
}

static berg_status read_index_block(array *a, berg_error *error) {
  const size_t prefix = PREFIX + a->file->offset_size;
  const uint64_t addresses = 2 * (((uint64_t)1 << a->direct / 2) - 1) + a->groups - a->direct;
  const uint64_t size = prefix + a->in_index * a->element + addresses * a->file->offset_size + IO_H5_CHECKSUM_BYTES;
  berg_status status = io_h5_load_signed(a->file, &a->index_block, a->data, size, "EAIB", true, WHAT, error);
  if (status) return status;
  io_h5_fields fields = io_h5_fields_of(&a->index_block, prefix);
  status = take(a, &fields, 0, a->in_index, error);
  a->next = a->in_index;
  for (unsigned group = 0; group < a->direct && !status; group++) status = read_direct(a, group, &fields, error);
  for (unsigned group = a->direct; group < a->groups && !status; group++) {
    const uint64_t address = io_h5_address(&fields, a->file->offset_size);
    if (address != IO_H5_NONE) status = read_secondary(a, group, address, error);
    a->next += blocks_of(group) * elements_of(a, group);
  }
  return status;
}

berg_status io_h5_index_extensible(io_h5_index *index, io_h5_file *file, berg_error *error) {
  array a = {.index = index, .file = file};
  berg_status status = read_header(&a, error);
  if (!status && a.data != IO_H5_NONE) status = read_index_block(&a, error);
  base_free(a.index_block.bytes);
  base_free(a.secondary.bytes);
  base_free(a.block.bytes);
  return status;
}
