/* A fractal heap is one range of bytes, dealt to blocks: rows of `width` blocks each, of the first size in the first
 * two rows and of twice the size from row to row then. Blocks beyond the largest direct one are tables of blocks
 * again. */
#include "io/hdf5/hdf5_heap.h"

#include "base/memory.h"
#include "io/hdf5/hdf5_checksum.h"

#define ROWS_MAX 64
#define WIDTH_MAX 1024
#define SIZE_MAX_LOG2 40
#define OBJECT_MAX ((uint64_t)1 << 16) /* what a message can hold */

static bool is_power(uint64_t number) { return number && !(number & (number - 1)); }

static unsigned log2_of(uint64_t power) { return (unsigned)__builtin_ctzll(power); }

static bool is_plausible(const io_h5_heap *heap, uint64_t bits) {
  return is_power(heap->width) && heap->width <= WIDTH_MAX && is_power(heap->first) && is_power(heap->largest) &&
         heap->first <= heap->largest && heap->largest <= (uint64_t)1 << SIZE_MAX_LOG2 && bits && bits <= 64 &&
         heap->rows <= ROWS_MAX;
}

berg_status io_h5_heap_open(io_h5_heap *heap, io_h5_file *file, uint64_t address, berg_error *error) {
  const size_t offset = file->offset_size, length = file->length_size;
  const size_t size = 22 + 3 * offset + 12 * length + IO_H5_CHECKSUM_BYTES;
  io_h5_block block = {.bytes = NULL};
  berg_status status = io_h5_load_signed(file, &block, address, size, "FRHP", false, "a heap of links", error);
  io_h5_fields fields = io_h5_fields_of(&block, 5);
  *heap = (io_h5_heap){.address = address};
  heap->id_size = io_h5_number(&fields, 2);
  const bool is_filtered = io_h5_number(&fields, 2) != 0;
  io_h5_number(&fields, 1);
  const uint64_t most = io_h5_number(&fields, 4);
  io_h5_bytes(&fields, 2 * offset + 10 * length); /* what is free and what is used */
  heap->width = io_h5_number(&fields, 2);
  heap->first = io_h5_number(&fields, length);
  heap->largest = io_h5_number(&fields, length);
  const uint64_t bits = io_h5_number(&fields, 2);
  io_h5_number(&fields, 2); /* rows at first */
  heap->root = io_h5_address(&fields, offset);
  heap->rows = (unsigned)io_h5_number(&fields, 2);
  if (!status && (fields.is_short || !is_plausible(heap, bits)))
    status = io_h5_damaged(file, address, "a heap of links contradicts itself", error);
  if (!status && is_filtered)
    status = io_h5_refuse(file, "its links are compressed, which is not supported", NULL, error);
  if (!status && !io_h5_is_whole(block.bytes, block.size))
    status = io_h5_damaged(file, address, "a heap of links has another checksum", error);
  base_free(block.bytes);
  if (status) return status;
  const size_t of_offset = (log2_of(heap->largest) + 7) / 8, of_most = io_h5_bytes_for(most);
  heap->offset_bytes = (bits + 7) / 8;
  heap->length_bytes = of_offset < of_most ? of_offset : of_most;
  return BERG_OK;
}

/* Bytes of a block in row `row`. */
static uint64_t size_in(const io_h5_heap *heap, unsigned row) { return row ? heap->first << (row - 1) : heap->first; }

/* Where in a table of blocks an offset lies. */
typedef struct place {
  uint64_t entry; /* number of the block */
  uint64_t size, begin;
} place;

static bool find_row(const io_h5_heap *heap, unsigned rows, uint64_t offset, place *found) {
  uint64_t begin = 0;
  for (unsigned row = 0; row < rows && row < 64 - log2_of(heap->first) - log2_of(heap->width); row++) {
    const uint64_t size = size_in(heap, row), all = size * heap->width;
    if (offset - begin < all) {
      const uint64_t column = (offset - begin) / size;
      *found = (place){row * heap->width + column, size, begin + column * size};
      return true;
    }
    begin += all;
  }
  return false;
}

/* One entry of a table of blocks, whose owner is this heap. */
static berg_status read_entry(const io_h5_heap *heap, io_h5_file *file, uint64_t table, uint64_t entry, uint64_t *child,
                              io_h5_block *block, berg_error *error) {
  const size_t prefix = 5 + file->offset_size + heap->offset_bytes;
  berg_status status =
      io_h5_load_signed(file, block, table, prefix, "FHIB", false, "a table of blocks of links", error);
  if (!status) status = io_h5_load(file, block, table + prefix + entry * file->offset_size, file->offset_size, error);
  if (status) return status;
  io_h5_fields fields = io_h5_fields_of(block, 0);
  *child = io_h5_address(&fields, file->offset_size);
  return BERG_OK;
}

/* The address of the byte at `offset` of the heap, and how many follow in its block. The blocks of each table are
 * smaller than the table: it ends. */
static berg_status locate(const io_h5_heap *heap, io_h5_file *file, uint64_t offset, uint64_t *address, uint64_t *left,
                          io_h5_block *block, berg_error *error) {
  uint64_t at = heap->root, size = heap->first;
  for (unsigned rows = heap->rows; rows;) {
    place found;
    if (!find_row(heap, rows, offset, &found))
      return io_h5_damaged(file, heap->address, "a link lies outside of its heap", error);
    berg_status status = read_entry(heap, file, at, found.entry, &at, block, error);
    if (status) return status;
    offset -= found.begin;
    size = found.size;
    if (size <= heap->largest) break;
    const unsigned all = log2_of(heap->first) + log2_of(heap->width);
    rows = log2_of(size) < all ? 0 : log2_of(size) - all + 1;
  }
  if (offset >= size || size > heap->largest)
    return io_h5_damaged(file, heap->address, "a link lies outside of its heap", error);
  berg_status status = io_h5_load_signed(file, block, at, 4, "FHDB", false, "a block of links", error);
  *address = at + offset;
  *left = size - offset;
  return status;
}

berg_status io_h5_heap_read(const io_h5_heap *heap, io_h5_file *file, io_h5_fields id, io_h5_block *object,
                            berg_error *error) {
  uint64_t address = 0, left = 0;
  const uint64_t kind = io_h5_number(&id, 1), offset = io_h5_number(&id, heap->offset_bytes);
  const uint64_t length = io_h5_number(&id, heap->length_bytes);
  if (id.is_short || kind)
    return io_h5_damaged(file, heap->address, "a link is kept in a way that is not supported", error);
  berg_status status = locate(heap, file, offset, &address, &left, object, error);
  if (status) return status;
  if (length > left || length > OBJECT_MAX)
    return io_h5_damaged(file, heap->address, "a link lies outside of its heap", error);
  return io_h5_load(file, object, address, length, error);
}
