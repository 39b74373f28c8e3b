/* Pickles, behind the .npy header that upstream's files have; the writers run on what was read. */
#include "open_file.h"

#include "io/container/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  size_t header = io_npy_write_header(NULL, 0, BERG_STRING, 8, NULL, 0);
  uint8_t *file = malloc(header + size);
  if (!file) return 0;
  io_npy_write_header(file, header, BERG_STRING, 8, NULL, 0);
  if (size) memcpy(file + header, bytes, size);
  fuzz_open_file(file, header + size);
  free(file);
  return 0;
}
