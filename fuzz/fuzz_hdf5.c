/* The HDF5 reader: what the file holds, the listing of datasets, then one dataset by rows. It takes a path, so each
 * input is written to a file. */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/hdf5/hdf5.h"

#define ROW_BYTES_MAX ((size_t)1 << 20)
#define ROWS_MAX 4

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void read_some(io_hdf5 *dataset) {
  const berg_array *about = io_hdf5_about(dataset);
  if (!about->ndim || (size_t)about->strides[0] > ROW_BYTES_MAX) return;
  const size_t rows = about->shape[0], row_bytes = (size_t)about->strides[0], count = rows < ROWS_MAX ? rows : ROWS_MAX;
  uint8_t *data = base_alloc(count, row_bytes, NULL);
  if (!data) abort();
  if (!io_hdf5_read(dataset, 0, count, data, NULL)) io_hdf5_read(dataset, rows - count, count, data, NULL);
  base_free(data);
}

static char path[] = "/tmp/berg-fuzz-hdf5-XXXXXX";

static void remove_file(void) { unlink(path); }

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static int file = -1;
  if (file < 0) {
    file = mkstemp(path);
    if (file < 0 || atexit(remove_file)) abort();
  }
  if (ftruncate(file, 0) || pwrite(file, bytes, size, 0) != (ssize_t)size) abort();
  char *json;
  berg_hdf5_describe(&json, path, NULL);
  base_free(json);
  const char *const names[] = {"", "images", "group/data"};
  for (int i = 0; i < 3; i++) {
    io_hdf5 *dataset;
    berg_error error;
    if (!io_hdf5_open(&dataset, path, names[i], &error)) read_some(dataset);
    io_hdf5_free(dataset);
  }
  return 0;
}
