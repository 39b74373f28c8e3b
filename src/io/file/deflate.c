/* zlib's streams, with their memory from where all memory comes. No times are kept: the same bytes are compressed to
 * the same. */
#include "io/file/deflate.h"

#include <limits.h>
#include <stdint.h>
#include <zlib.h>

#include "base/memory.h"

#define OUT_BYTES 65536
#define WINDOW_BITS 15
#define GZIP 16 /* added to the window: a gzip header instead of zlib's */
#define MEMORY_LEVEL 8

struct io_deflate {
  z_stream stream;
  io_deflate_put_fn put;
  void *user;
  Bytef out[OUT_BYTES];
};

static voidpf take(voidpf user, uInt count, uInt size) {
  (void)user;
  return base_alloc(count, size, NULL);
}

static void give_back(voidpf user, voidpf block) {
  (void)user;
  base_free(block);
}

berg_status io_deflate_open(io_deflate **out, io_deflate_form form, io_deflate_put_fn put, void *user,
                            berg_error *error) {
  *out = NULL;
  io_deflate *self = base_calloc(1, sizeof *self, error);
  if (!self) return BERG_ELIMIT;
  self->stream.zalloc = take;
  self->stream.zfree = give_back;
  self->put = put;
  self->user = user;
  const int bits = form == IO_GZIP ? WINDOW_BITS + GZIP : WINDOW_BITS;
  if (deflateInit2(&self->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, bits, MEMORY_LEVEL, Z_DEFAULT_STRATEGY)) {
    base_free(self);
    return base_fail_memory(error, 0);
  }
  *out = self;
  return BERG_OK;
}

/* Until all that there is to come out has come. */
static berg_status push(io_deflate *self, int flush, berg_error *error) {
  z_stream *stream = &self->stream;
  berg_status status = BERG_OK;
  do {
    stream->next_out = self->out;
    stream->avail_out = OUT_BYTES;
    (void)deflate(stream, flush); /* neither stream nor buffer can be at fault */
    const size_t size = OUT_BYTES - stream->avail_out;
    if (size) status = self->put(self->user, self->out, size, error);
  } while (!status && !stream->avail_out);
  return status;
}

berg_status io_deflate_write(io_deflate *self, const void *bytes, size_t size, berg_error *error) {
  berg_status status = BERG_OK;
  for (const Bytef *next = bytes; size && !status;) {
    const uInt part = size < INT_MAX ? (uInt)size : INT_MAX;
    self->stream.next_in = (Bytef *)(uintptr_t)next;
    self->stream.avail_in = part;
    status = push(self, Z_NO_FLUSH, error);
    next += part;
    size -= part;
  }
  return status;
}

berg_status io_deflate_end(io_deflate *self, berg_error *error) {
  berg_status status = push(self, Z_FINISH, error);
  deflateReset(&self->stream);
  return status;
}

void io_deflate_free(io_deflate *self) {
  if (!self) return;
  deflateEnd(&self->stream);
  base_free(self);
}
