/* A .npy read row by row from a descriptor, a pipe for instance. */
#include "io/container/npy_stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

#define HEADER_MAX ((size_t)1 << 20)
#define SKIP_BYTES ((size_t)1 << 16)

struct io_npy_stream {
  int file;
  char *name;
  io_npy_header header;
  size_t row_bytes, position;
};

/* Fewer than `size` bytes only at the end; -1 with errno. */
static ssize_t read_fully(int file, void *bytes, size_t size) {
  size_t done = 0;
  while (done < size) {
    ssize_t got = read(file, (char *)bytes + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (!got) break;
    done += (size_t)got;
  }
  return (ssize_t)done;
}

static berg_status take(const io_npy_stream *stream, void *bytes, size_t size, const char *what, berg_error *error) {
  ssize_t got = read_fully(stream->file, bytes, size);
  if (got < 0) return base_fail_errno(error, BERG_EINPUT, stream->name, "cannot be read", errno);
  if ((size_t)got < size) return base_fail(error, BERG_EINPUT, "%s: ends in the middle of its %s", stream->name, what);
  return BERG_OK;
}

/* magic (6) | major, minor | length of the text, 2 bytes in version 1, 4 later, little-endian | text */
static berg_status read_header(io_npy_stream *stream, berg_error *error) {
  uint8_t start[12] = IO_NPY_MAGIC;
  berg_status status = take(stream, start + IO_NPY_MAGIC_BYTES, 4, "header", error);
  if (status) return status;
  size_t prefix = start[6] == 1 ? 10 : 12, text = start[8] | (size_t)start[9] << 8;
  if (prefix == 12) {
    status = take(stream, start + 10, 2, "header", error);
    if (status) return status;
    text |= (size_t)start[10] << 16 | (size_t)start[11] << 24;
  }
  if (text > HEADER_MAX)
    return base_fail_found(error, BERG_EINPUT, stream->name, "header too long", "at most 1 MiB", "%zu bytes", text);
  uint8_t *bytes = base_alloc(prefix + text, 1, error);
  if (!bytes) return BERG_ELIMIT;
  memcpy(bytes, start, prefix);
  status = take(stream, bytes + prefix, text, "header", error);
  if (!status) status = io_npy_read_header(&stream->header, bytes, prefix + text, 0, stream->name, error);
  base_free(bytes);
  return status;
}

static berg_status check(io_npy_stream *stream, berg_error *error) {
  const io_npy_header *header = &stream->header;
  if (!header->ndim) return base_fail(error, BERG_EINPUT, "%s: holds a single value, not rows", stream->name);
  if (header->fortran)
    return base_fail(error, BERG_EINPUT,
                     "%s: is in Fortran order, whose rows do not come one after the other: send "
                     "np.ascontiguousarray(x), or "
                     "give the file by its name",
                     stream->name);
  stream->row_bytes = header->itemsize;
  for (size_t d = 1; d < header->ndim; d++)
    if (!base_multiply(stream->row_bytes, header->shape[d], &stream->row_bytes) || stream->row_bytes > PTRDIFF_MAX)
      return base_fail(error, BERG_EINPUT, "%s: one row does not fit the memory", stream->name);
  return BERG_OK;
}

berg_status io_npy_stream_open(io_npy_stream **out, int file, const char *name, berg_error *error) {
  *out = NULL;
  io_npy_stream *stream = base_calloc(1, sizeof *stream, error);
  if (!stream) return BERG_ELIMIT;
  stream->file = file;
  stream->name = base_copy_text(name, error);
  berg_status status = stream->name ? read_header(stream, error) : BERG_ELIMIT;
  if (!status) status = check(stream, error);
  if (status)
    io_npy_stream_free(stream);
  else
    *out = stream;
  return status;
}

void io_npy_stream_free(io_npy_stream *stream) {
  if (!stream) return;
  base_free(stream->name);
  base_free(stream);
}

const io_npy_header *io_npy_stream_header(const io_npy_stream *stream) { return &stream->header; }

size_t io_npy_stream_position(const io_npy_stream *stream) { return stream->position; }

static berg_status skip_row(io_npy_stream *stream, berg_error *error) {
  uint8_t nowhere[SKIP_BYTES];
  berg_status status = BERG_OK;
  for (size_t left = stream->row_bytes; left && !status;) {
    size_t part = left < sizeof nowhere ? left : sizeof nowhere;
    status = take(stream, nowhere, part, "data", error);
    left -= part;
  }
  return status;
}

berg_status io_npy_stream_read(io_npy_stream *stream, size_t count, void *data, berg_error *error) {
  if (count > stream->header.shape[0] - stream->position)
    return base_fail(error, BERG_EARGUMENT, "%s: has %zu rows, not %zu more after %zu", stream->name,
                     stream->header.shape[0], count, stream->position);
  for (size_t i = 0; i < count; i++) {
    berg_error cut;
    berg_status status = data ? take(stream, (char *)data + i * stream->row_bytes, stream->row_bytes, "data", &cut)
                              : skip_row(stream, &cut);
    if (status)
      return base_fail(error, status, "%s, in row %zu of %zu", cut.message, stream->position, stream->header.shape[0]);
    stream->position++;
  }
  return BERG_OK;
}
