/* The guard before cJSON: whatever it accepts, cJSON accepts. */
#include <stdint.h>
#include <stdlib.h>

#include "io/value/json_guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  cJSON *tree;
  if (io_json_parse(&tree, (const char *)bytes, size, NULL) == BERG_ELIMIT) abort();
  cJSON_Delete(tree);
  return 0;
}
