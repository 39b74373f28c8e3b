/* NIfTI read volume by volume: the header's sizes against what is there, compressed and not. zlib wants a file with a path,
 * so each input is written to one. */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/nifti_rows.h"

#define VOLUME_BYTES_MAX ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void read_some(io_nifti_rows *file) {
  const berg_array *about = io_nifti_rows_about(file);
  if ((size_t)about->strides[0] > VOLUME_BYTES_MAX) return;
  uint8_t *data = base_alloc((size_t)about->strides[0], 1, NULL);
  if (!data) abort();
  const size_t last = about->shape[0] - 1;
  if (!io_nifti_rows_read(file, 0, 1, data, NULL) && !io_nifti_rows_read(file, last, 1, data, NULL))
    io_nifti_rows_read(file, 0, 1, data, NULL);
  base_free(data);
}

static char path[] = "/tmp/berg-fuzz-nifti-XXXXXX";

static void remove_file(void) { unlink(path); }

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static int file = -1;
  io_nifti_rows *volumes;
  berg_error error;
  if (file < 0) {
    file = mkstemp(path);
    if (file < 0 || atexit(remove_file)) abort();
  }
  if (ftruncate(file, 0) || pwrite(file, bytes, size, 0) != (ssize_t)size) abort();
  if (!io_nifti_rows_open(&volumes, path, &error)) read_some(volumes);
  io_nifti_rows_free(volumes);
  return 0;
}
