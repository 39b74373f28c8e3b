/* Tags, one by one. */
#include "io/fif/tags.h"

#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/value/big_endian.h"
#include "io/value/utf8.h"

#define BLOCK_BEGIN 104
#define BLOCK_END 105
#define NOP 108
#define HEAD_BYTES 16
#define ESCAPE_BYTES 9      /* &#008217; */
#define ESCAPED_LAST 999999 /* six digits are what is read back */
#define LATIN_1_LAST 0xff

static berg_status put_head(io_whole_file *file, uint32_t kind, uint32_t type, size_t size, uint32_t next,
                            berg_error *error) {
  uint8_t head[HEAD_BYTES];
  io_big_endian(head, kind, 4);
  io_big_endian(head + 4, type, 4);
  io_big_endian(head + 8, (uint32_t)size, 4);
  io_big_endian(head + 12, next, 4);
  return io_whole_file_write(file, head, sizeof head, error);
}

berg_status io_fif_tag(io_whole_file *file, uint32_t kind, io_fif_type type, size_t size, berg_error *error) {
  return put_head(file, kind, type, size, 0, error);
}

berg_status io_fif_last(io_whole_file *file, berg_error *error) {
  return put_head(file, NOP, 0, 0, (uint32_t)-1, error);
}

berg_status io_fif_int(io_whole_file *file, uint32_t kind, int32_t number, berg_error *error) {
  uint8_t bytes[4];
  io_big_endian(bytes, (uint32_t)number, 4);
  berg_status status = io_fif_tag(file, kind, IO_FIF_INT, sizeof bytes, error);
  return status ? status : io_whole_file_write(file, bytes, sizeof bytes, error);
}

berg_status io_fif_float(io_whole_file *file, uint32_t kind, float number, berg_error *error) {
  uint8_t bytes[4];
  io_big_endian_floats(bytes, &number, 1);
  berg_status status = io_fif_tag(file, kind, IO_FIF_FLOAT, sizeof bytes, error);
  return status ? status : io_whole_file_write(file, bytes, sizeof bytes, error);
}

/* A text with one character spelt out is searched for others, so that an & of its own has to be spelt out too. */
static bool spells_out(const char *text, const char *end) {
  if (strstr(text, "&#")) return true;
  while (text < end)
    if (io_utf8_next(&text, end) > LATIN_1_LAST) return true;
  return false;
}

static size_t spell(char *out, int32_t point, bool spelt_out) {
  if (point < 0 || point > ESCAPED_LAST) {
    *out = '?';
    return 1;
  }
  if (point > LATIN_1_LAST || (spelt_out && point == '&'))
    return (size_t)base_print(out, ESCAPE_BYTES + 1, "&#%06d;", (int)point);
  *out = (char)point;
  return 1;
}

/* A byte of text becomes at most an escape. */
berg_status io_fif_text(io_whole_file *file, uint32_t kind, const char *text, berg_error *error) {
  const char *const end = text + strlen(text);
  const bool spelt_out = spells_out(text, end);
  char *latin = base_alloc((size_t)(end - text) + 1, ESCAPE_BYTES, error);
  size_t used = 0;
  if (!latin) return BERG_ELIMIT;
  while (text < end) used += spell(latin + used, io_utf8_next(&text, end), spelt_out);
  berg_status status = used ? io_fif_tag(file, kind, IO_FIF_STRING, used, error) : BERG_OK;
  if (!status) status = io_whole_file_write(file, latin, used, error);
  base_free(latin);
  return status;
}

berg_status io_fif_begin(io_whole_file *file, int32_t block, berg_error *error) {
  return io_fif_int(file, BLOCK_BEGIN, block, error);
}

berg_status io_fif_end(io_whole_file *file, int32_t block, berg_error *error) {
  return io_fif_int(file, BLOCK_END, block, error);
}
