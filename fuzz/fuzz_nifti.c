/* The NIfTI reader: all volumes of what it accepts one by one, as volumes are taken apart, then in another order and in
 * blocks, as they are compared. zlib wants a file with a path, so each input is written to one: as it comes, and
 * compressed, since random changes of deflated bytes hardly ever reach the header. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "base/array.h"
#include "base/memory.h"
#include "io/nifti/nifti.h"

#define BYTES_MAX ((size_t)1 << 24)
#define BLOCK 2

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static char path[] = "/tmp/berg-fuzz-nifti-XXXXXX";

static void remove_file(void) { unlink(path); }

static void read_in_order(io_nifti *nifti, size_t volumes, uint8_t *values) {
  berg_error error;
  for (size_t v = 0; v < volumes; v++)
    if (io_nifti_read(nifti, v, 1, values, &error)) return;
}

/* The last block, then the first: what was read before is the same again. */
static void read_back(io_nifti *nifti, size_t volumes, size_t bytes, uint8_t *values) {
  const size_t count = volumes < BLOCK ? volumes : BLOCK;
  uint8_t *again = values + BLOCK * bytes;
  if (io_nifti_read(nifti, 0, count, values, NULL)) return;
  if (io_nifti_read(nifti, volumes - count, count, again, NULL)) return;
  if (io_nifti_read(nifti, 0, count, again, NULL) || memcmp(values, again, count * bytes)) abort();
}

static void read_all(void) {
  io_nifti *nifti;
  berg_error error;
  if (io_nifti_open(&nifti, path, &error)) return;
  const io_nifti_about *about = io_nifti_describe(nifti);
  const size_t *dims = about->space.dims, bytes = dims[0] * dims[1] * dims[2] * base_dtype_size(about->dtype);
  uint8_t *values = bytes <= BYTES_MAX ? base_alloc(2 * BLOCK, bytes, NULL) : NULL;
  if (values) {
    read_in_order(nifti, about->volumes, values);
    read_back(nifti, about->volumes, bytes, values);
  }
  base_free(values);
  io_nifti_free(nifti);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static int file = -1;
  if (file < 0) {
    file = mkstemp(path);
    if (file < 0 || atexit(remove_file)) abort();
  }
  if (ftruncate(file, 0) || pwrite(file, bytes, size, 0) != (ssize_t)size) abort();
  read_all();
  gzFile compressed = gzopen(path, "wb1");
  if (!compressed || (size && gzwrite(compressed, bytes, (unsigned)size) != (int)size)) abort();
  if (gzclose(compressed)) abort();
  read_all();
  return 0;
}
