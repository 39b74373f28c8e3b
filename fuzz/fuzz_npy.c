/* Headers of .npy: an accepted header describes data within the file. */
#include <stdint.h>
#include <stdlib.h>

#include "io/container/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  io_npy_header header;
  berg_error error;
  if (io_npy_read_header(&header, bytes, size, size, "fuzz", &error)) return 0;
  size_t span = header.dtype == BERG_STRING ? 0 : header.itemsize;
  for (size_t d = 0; d < header.ndim; d++) span *= header.shape[d];
  if (header.data_offset > size || span > size - header.data_offset) abort();
  return 0;
}
