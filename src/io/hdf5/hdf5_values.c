/* Reading what is small enough to be shown. */
#include "io/hdf5/hdf5_values.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/convert.h"
#include "base/decimal.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/value/json_build.h"

#define MOST 1000
#define BYTES_MOST ((size_t)1 << 16)
#define CHUNK_MOST ((size_t)1 << 22) /* one chunk may be large where what is used of it is not */

size_t io_hdf5_bytes(const io_hdf5 *dataset) {
  size_t bytes = dataset->about.itemsize;
  for (size_t d = 0; d < dataset->about.ndim; d++) bytes *= dataset->about.shape[d];
  return bytes;
}

static void add_number(cJSON *to, const char *key, const berg_array *about, const uint8_t *at) {
  char text[BASE_DECIMAL_ROOM];
  const double real = base_read_number(about->dtype, at);
  uint64_t whole = 0;
  memcpy(&whole, at, about->itemsize);
  if (!isfinite(real)) {
    io_json_add_null(to, key);
    return;
  }
  switch (about->dtype) {
  case BERG_F16:
  case BERG_F32:
  case BERG_F64: base_decimal(real, about->dtype != BERG_F64, text); break;
  case BERG_U64: base_print(text, sizeof text, "%" PRIu64, whole); break;
  case BERG_I64: base_print(text, sizeof text, "%" PRId64, (int64_t)whole); break;
  default: base_print(text, sizeof text, "%.0f", real);
  }
  io_json_add_raw(to, key, text);
}

static void add_text(cJSON *to, const char *key, const uint8_t *at, size_t bytes) {
  size_t size = strnlen((const char *)at, bytes);
  while (size && at[size - 1] == ' ') size--;
  char *text = base_copy_bytes((const char *)at, size, NULL);
  io_json_add(to, key, text ? io_json_text_from(text) : NULL);
  base_free(text);
}

/* The elements from `*at` on that the dimensions from `dim` on hold. */
/* NOLINTNEXTLINE(misc-no-recursion): no deeper than BERG_MAX_DIMS */
static void add_values(cJSON *to, const char *key, const io_hdf5 *dataset, size_t ndim, size_t dim,
                       const uint8_t **at) {
  const size_t size = dataset->is_text ? dataset->text_bytes : dataset->about.itemsize;
  if (dim < ndim) {
    cJSON *list = io_json_add_list(to, key);
    for (size_t i = 0; i < dataset->about.shape[dim]; i++) add_values(list, NULL, dataset, ndim, dim + 1, at);
    return;
  }
  if (dataset->is_text)
    add_text(to, key, *at, size);
  else
    add_number(to, key, &dataset->about, *at);
  *at += size;
}

static bool is_small(const io_hdf5 *dataset, size_t ndim) {
  size_t span = 1; /* an empty array can have a million empty rows */
  for (size_t d = 0; d < ndim && span <= MOST; d++) {
    const size_t length = dataset->about.shape[d];
    span *= length > MOST ? MOST + 1 : length + !length;
  }
  return span <= MOST && io_hdf5_bytes(dataset) <= BYTES_MOST &&
         (dataset->layout != IO_HDF5_CHUNKED || dataset->block_room <= CHUNK_MOST);
}

berg_status io_hdf5_add_values(cJSON *entry, io_hdf5 *dataset, berg_error *error) {
  const size_t ndim = dataset->about.ndim - dataset->is_text, bytes = io_hdf5_bytes(dataset);
  if (!is_small(dataset, ndim)) return BERG_OK;
  uint8_t *data = base_alloc(bytes, 1, error);
  if (!data) return BERG_ELIMIT;
  berg_status status = BERG_OK;
  if (dataset->about.ndim) {
    status = io_hdf5_read(dataset, 0, dataset->about.shape[0], data, error);
  } else {
    status = io_hdf5_read_bytes(dataset, 0, bytes, data, error);
    io_hdf5_order_bytes(dataset, data, bytes);
  }
  const uint8_t *at = data;
  if (!status) add_values(entry, "value", dataset, ndim, 0, &at);
  base_free(data);
  return status;
}
