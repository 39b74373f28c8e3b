/* The chunks of a PNG file that its pixels need, checked beforehand. */
#ifndef IO_PNG_CHUNKS_H
#define IO_PNG_CHUNKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Walks all chunks to the end mark. EINPUT: cut short, or a checksum that does not fit. An end mark that is missing or
 * cut, behind data, is taken to be there. */
berg_status io_png_check(const uint8_t *bytes, size_t size, const char *name, berg_error *error);

typedef struct io_png_stream {
  const uint8_t *bytes;
  size_t size;
  size_t next;         /* where the next chunk starts */
  const uint8_t *from; /* what remains of the current one */
  size_t left;
} io_png_stream;

/* The signature and the critical chunks of a file that io_png_check has passed, without its ancillary ones: texts,
 * profiles and times change no pixel of an RGB image and would only add attack surface. The end mark is given where
 * there is none. */
void io_png_stream_init(io_png_stream *stream, const uint8_t *bytes, size_t size);
/* The next `count` bytes into `out`; less than `count` only after the last chunk. Returns how many. */
size_t io_png_stream_read(io_png_stream *stream, uint8_t *out, size_t count);

#endif
