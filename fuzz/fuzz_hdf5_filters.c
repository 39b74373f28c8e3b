/* Any pipeline of HDF5 filters on any chunk: byte 0 says which filters, byte 1 the element's size, bytes 2
 * and 3 the chunk's, what follows is the stored chunk. */
#include <stdlib.h>
#include <string.h>

#include "io/hdf5/hdf5_filters.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (size < 4) return 0;
  static const io_filter_kind kinds[4] = {IO_FILTER_DEFLATE, IO_FILTER_SHUFFLE, IO_FILTER_LZF, IO_FILTER_FLETCHER32};
  io_filters filters = {.count = 0, .itemsize = (size_t)1 << (bytes[1] & 3)};
  for (unsigned f = 0; f < 8; f++)
    if (bytes[0] >> f & 1) filters.kinds[filters.count++] = kinds[f & 3];
  const size_t chunk_bytes = bytes[2] | (size_t)bytes[3] << 8, room = io_filters_room(chunk_bytes);
  const unsigned mask = bytes[1] >> 2;
  bytes += 4;
  size -= 4;
  if (size > room) return 0;
  uint8_t *chunk = malloc(room), *scratch = malloc(room);
  if (!chunk || !scratch) abort();
  memset(scratch, 0, room);
  memcpy(chunk, bytes, size);
  io_filters_undo(&filters, mask, &chunk, size, &scratch, chunk_bytes);
  free(chunk);
  free(scratch);
  return 0;
}
