/* Lists of paths: whatever the text, each path kept is absolute or in the folder, and one line without blanks
 * behind it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/stimuli/stimuli_files.h"

#define FOLDER "/nonexistent"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  model_files files;
  berg_error error;
  model_files_init(&files, true);
  berg_status status = model_files_add_list(&files, (const char *)bytes, size, "list", FOLDER, &error);
  if (status ? status != BERG_EINPUT || !*error.message || strchr(error.message, '\n') : !files.count) abort();
  for (size_t i = 0; i < files.count; i++) {
    const char *path = files.paths[i];
    if (*path != '/' || strchr(path, '\n') || strchr(" \t\r", path[strlen(path) - 1])) abort();
  }
  model_files_release(&files);
  return 0;
}
