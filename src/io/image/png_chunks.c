/* PNG's frame:
 *
 *   89 50 4E 47 0D 0A 1A 0A
 *   chunk*   length (4 bytes, big-endian) | type (4 letters) | data (length) | CRC-32 of type and data (4)
 *
 * IHDR comes first, IEND last. A type that starts with a capital is critical: IHDR, PLTE, IDAT, IEND. */
#include "io/image/png_chunks.h"

#include <stdbool.h>
#include <string.h>

#include <zlib.h>

#include "base/text.h"

#define SIGNATURE 8
#define FRAME 12 /* length, type and checksum */

static uint32_t big_endian(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Some programs leave the end mark out, or the last bytes of it; with all the pixels that is nothing. */
static const uint8_t END[FRAME] = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82};

static bool is_end(const uint8_t *chunk) { return !memcmp(chunk + 4, "IEND", 4); }

static bool is_critical(const uint8_t *chunk) { return chunk[4] >= 'A' && chunk[4] <= 'Z'; }

static bool is_named(const uint8_t *chunk) {
  for (int i = 4; i < 8; i++)
    if ((chunk[i] | 0x20) < 'a' || (chunk[i] | 0x20) > 'z') return false;
  return true;
}

static berg_status fail(const char *name, size_t offset, const char *type, const char *what, const char *expected,
                        const char *found, berg_error *error) {
  char item[16];
  if (type) base_print(item, sizeof item, "chunk %.4s", type);
  base_fault fault = {BERG_EINPUT, name, offset, type ? item : NULL, what, expected, found};
  return base_fail_at(error, &fault);
}

static berg_status fail_checksum(const char *name, size_t offset, const char *type, uint32_t expected, uint32_t found,
                                 berg_error *error) {
  char wanted[16], had[16];
  base_print(wanted, sizeof wanted, "%08x", (unsigned)expected);
  base_print(had, sizeof had, "%08x", (unsigned)found);
  return fail(name, offset, type, "damaged PNG, checksum mismatch", wanted, had, error);
}

berg_status io_png_check(const uint8_t *bytes, size_t size, const char *name, berg_error *error) {
  bool has_data = false;
  for (size_t at = SIGNATURE;;) {
    char wanted[40], had[40];
    size_t left = size - at;
    if (left < FRAME && has_data && !memcmp(bytes + at, END, left)) return BERG_OK;
    if (left < FRAME) {
      base_print(had, sizeof had, "%zu bytes", left);
      return fail(name, at, NULL, "truncated PNG", "a chunk of at least 12 bytes", had, error);
    }
    const uint8_t *chunk = bytes + at;
    const char *type = (const char *)chunk + 4;
    size_t length = big_endian(chunk);
    if (!is_named(chunk)) {
      base_print(had, sizeof had, "%02x %02x %02x %02x", chunk[4], chunk[5], chunk[6], chunk[7]);
      return fail(name, at + 4, NULL, "damaged PNG", "a chunk type of four letters", had, error);
    }
    if (length > left - FRAME) {
      base_print(wanted, sizeof wanted, "%zu bytes", length);
      base_print(had, sizeof had, "%zu bytes", left - FRAME);
      return fail(name, at, type, "truncated PNG", wanted, had, error);
    }
    uint32_t stored = big_endian(chunk + 8 + length);
    uint32_t computed = (uint32_t)crc32_z(0, chunk + 4, 4 + length);
    if (stored != computed) return fail_checksum(name, at, type, stored, computed, error);
    if (is_end(chunk)) return BERG_OK;
    has_data = has_data || !memcmp(type, "IDAT", 4);
    at += FRAME + length;
  }
}

void io_png_stream_init(io_png_stream *stream, const uint8_t *bytes, size_t size) {
  *stream = (io_png_stream){.bytes = bytes, .size = size, .next = SIGNATURE, .from = bytes, .left = SIGNATURE};
}

/* False: the last chunk has been given. */
static bool next_critical(io_png_stream *stream) {
  while (stream->next) {
    size_t at = stream->next;
    const uint8_t *chunk = stream->size - at < FRAME ? END : stream->bytes + at;
    size_t whole = FRAME + (size_t)big_endian(chunk);
    stream->next = is_end(chunk) ? 0 : at + whole;
    if (is_critical(chunk)) {
      stream->from = chunk;
      stream->left = whole;
      return true;
    }
  }
  return false;
}

size_t io_png_stream_read(io_png_stream *stream, uint8_t *out, size_t count) {
  size_t done = 0;
  while (done < count && (stream->left || next_critical(stream))) {
    size_t part = stream->left < count - done ? stream->left : count - done;
    memcpy(out + done, stream->from, part);
    stream->from += part;
    stream->left -= part;
    done += part;
  }
  return done;
}
