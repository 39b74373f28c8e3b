/* Where a writer's bytes go: a file that appears whole, or memory. */
#include "io/container/sink.h"

#include <string.h>

#include "base/array.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/text.h"

#define CHUNK 65536
#define PIECE ((size_t)4 << 20) /* between two questions */

static berg_status put_file(void *context, const void *bytes, size_t size, berg_error *error) {
  return io_whole_file_write(context, bytes, size, error);
}

io_sink io_sink_file(io_whole_file *file) { return (io_sink){put_file, file, NULL}; }

berg_status io_put(const io_sink *sink, const void *bytes, size_t size, berg_error *error) {
  const uint8_t *at = bytes;
  berg_status status = BERG_OK;
  for (size_t left = size; left && !status;) {
    const size_t piece = sink->run && left > PIECE ? PIECE : left;
    status = base_ask_cancel(sink->run, error);
    if (!status) status = sink->put(sink->context, at, piece, error);
    at += piece;
    left -= piece;
  }
  return status;
}

/* An odometer over the dimensions, the last turning fastest. */
static berg_status put_strided(const io_sink *sink, const berg_array *array, size_t count, uint8_t *chunk,
                               berg_error *error) {
  size_t index[BERG_MAX_DIMS] = {0}, used = 0;
  const uint8_t *at = array->data;
  for (size_t i = 0; i < count; i++) {
    if (used + array->itemsize > CHUNK) {
      berg_status status = io_put(sink, chunk, used, error);
      if (status) return status;
      used = 0;
    }
    memcpy(chunk + used, at, array->itemsize);
    used += array->itemsize;
    for (size_t d = array->ndim; d-- > 0;) {
      at += array->strides[d];
      if (++index[d] < array->shape[d]) break;
      at -= (ptrdiff_t)index[d] * array->strides[d];
      index[d] = 0;
    }
  }
  return io_put(sink, chunk, used, error);
}

berg_status io_put_array(const io_sink *sink, const berg_array *array, berg_error *error) {
  size_t count;
  if (!base_array_count(array, &count)) return base_fail(error, BERG_EINTERNAL, "an array without a size");
  if (!count) return BERG_OK;
  /* one element larger than a chunk: fixed-width text of thousands of characters */
  if (base_array_is_contiguous(array)) return io_put(sink, array->data, count * array->itemsize, error);
  uint8_t *chunk = base_alloc(array->itemsize > CHUNK ? array->itemsize : CHUNK, 1, error);
  if (!chunk) return BERG_ELIMIT;
  berg_status status = put_strided(sink, array, count, chunk, error);
  base_free(chunk);
  return status;
}

berg_status io_put_quoted(const io_sink *sink, const char *text, berg_error *error) {
  berg_status status = io_put(sink, "\"", 1, error);
  while (!status && *text) {
    size_t plain = 0;
    while ((uint8_t)text[plain] >= 0x20 && text[plain] != '"' && text[plain] != '\\') plain++;
    status = io_put(sink, text, plain, error);
    text += plain;
    if (!status && *text) {
      char escape[8];
      int length = *text == '"' || *text == '\\' ? base_print(escape, sizeof escape, "\\%c", *text)
                                                 : base_print(escape, sizeof escape, "\\u%04x", (unsigned)*text);
      status = io_put(sink, escape, (size_t)length, error);
      text++;
    }
  }
  return status ? status : io_put(sink, "\"", 1, error);
}
