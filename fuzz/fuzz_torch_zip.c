/* torch's zip form, as a whole file; the writers run on what was read. */
#include "open_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  fuzz_open_file(bytes, size);
  return 0;
}
