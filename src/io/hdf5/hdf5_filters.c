/* Undoes the filters of HDF5 chunks:
 *
 *     deflate     zlib's stream
 *     shuffle     byte 0 of all elements, then byte 1 of all, ...; what does not fill an element stays at the end
 *     fletcher32  the data, then a checksum of 4 bytes, little-endian, over 16-bit big-endian words
 *     lzf         (h5py's) a control byte c; c < 32: c + 1 literal bytes follow; else a copy of (c >> 5) + 2 bytes
 *                 (7: plus the next byte), from ((c & 31) << 8 | the next byte) + 1 bytes back. A chunk that does
 *                 not shrink is stored as it is, with its mask bit set. */
#include "io/hdf5/hdf5_filters.h"

#include <string.h>
#include <zlib.h>

#define CHECKSUM_BYTES 4
#define WORDS_BEFORE_FOLD 360 /* as many as cannot overflow 32 bits */

bool io_filters_knows(int number) {
  return number == IO_FILTER_DEFLATE || number == IO_FILTER_SHUFFLE || number == IO_FILTER_FLETCHER32 ||
         number == IO_FILTER_LZF;
}

size_t io_filters_room(size_t bytes) { return bytes + IO_FILTERS_MAX * CHECKSUM_BYTES; }

const char io_filters_no_memory[] = "out of memory";

static const char *inflate_all(const uint8_t *from, size_t size, uint8_t *to, size_t capacity, size_t *made) {
  uLongf length = capacity;
  const int result = uncompress(to, &length, from, size);
  if (result == Z_MEM_ERROR) return io_filters_no_memory;
  if (result != Z_OK) return "its zlib stream is damaged or of another size";
  *made = length;
  return NULL;
}

static void unshuffle(const uint8_t *from, size_t size, size_t itemsize, uint8_t *to) {
  const size_t count = size / itemsize;
  for (size_t b = 0; b < itemsize; b++)
    for (size_t i = 0; i < count; i++) to[i * itemsize + b] = from[b * count + i];
  memcpy(to + count * itemsize, from + count * itemsize, size - count * itemsize);
}

static uint32_t fletcher32(const uint8_t *data, size_t size) {
  uint32_t low = 0, high = 0;
  for (size_t words = size / 2; words;) {
    size_t part = words < WORDS_BEFORE_FOLD ? words : WORDS_BEFORE_FOLD;
    for (words -= part; part; part--, data += 2) {
      low += (uint32_t)data[0] << 8 | data[1];
      high += low;
    }
    low = (low & 0xffff) + (low >> 16);
    high = (high & 0xffff) + (high >> 16);
  }
  if (size % 2) {
    low += (uint32_t)*data << 8;
    high += low;
    low = (low & 0xffff) + (low >> 16);
    high = (high & 0xffff) + (high >> 16);
  }
  low = (low & 0xffff) + (low >> 16);
  high = (high & 0xffff) + (high >> 16);
  return high << 16 | low;
}

static const char *check_sum(const uint8_t *data, size_t *size) {
  if (*size < CHECKSUM_BYTES) return "it is shorter than its checksum";
  *size -= CHECKSUM_BYTES;
  const uint8_t *stored = data + *size;
  uint32_t expected = stored[0] | (uint32_t)stored[1] << 8 | (uint32_t)stored[2] << 16 | (uint32_t)stored[3] << 24;
  return fletcher32(data, *size) == expected ? NULL : "checksum mismatch";
}

static const char *unlzf(const uint8_t *from, size_t size, uint8_t *to, size_t capacity, size_t *made) {
  static const char damaged[] = "its LZF stream is damaged or of another size";
  size_t in = 0, out = 0;
  while (in < size) {
    size_t control = from[in++];
    if (control < 32) {
      size_t literals = control + 1;
      if (literals > size - in || literals > capacity - out) return damaged;
      memcpy(to + out, from + in, literals);
      in += literals;
      out += literals;
      continue;
    }
    size_t length = control >> 5;
    if (length == 7) {
      if (in == size) return damaged;
      length += from[in++];
    }
    length += 2;
    if (in == size) return damaged;
    size_t back = ((control & 31) << 8 | from[in++]) + 1;
    if (back > out || length > capacity - out) return damaged;
    for (; length; length--, out++) to[out] = to[out - back]; /* may overlap: byte by byte */
  }
  *made = out;
  return NULL;
}

const char *io_filters_undo(const io_filters *filters, unsigned mask, uint8_t **chunk, size_t size, uint8_t **scratch,
                            size_t bytes) {
  const size_t capacity = io_filters_room(bytes);
  for (size_t f = filters->count; f-- > 0;) {
    if (mask >> f & 1) continue;
    const char *wrong = NULL;
    size_t made = size;
    switch (filters->kinds[f]) {
    case IO_FILTER_DEFLATE: wrong = inflate_all(*chunk, size, *scratch, capacity, &made); break;
    case IO_FILTER_SHUFFLE: unshuffle(*chunk, size, filters->itemsize, *scratch); break;
    case IO_FILTER_LZF: wrong = unlzf(*chunk, size, *scratch, capacity, &made); break;
    case IO_FILTER_FLETCHER32: wrong = check_sum(*chunk, &size); break;
    }
    if (wrong) return wrong;
    if (filters->kinds[f] == IO_FILTER_FLETCHER32) continue;
    uint8_t *swap = *chunk;
    *chunk = *scratch;
    *scratch = swap;
    size = made;
  }
  return size == bytes ? NULL : "it has another size than a chunk of this dataset";
}
