/* Decoding UTF-8, strictly. */
#include "io/value/utf8.h"

#include <stddef.h>

/* Bytes that follow the first one; 4: it begins no character. */
static int bytes_behind(uint8_t first) {
  return first < 0x80                    ? 0
         : first >= 0xc2 && first < 0xe0 ? 1
         : (first & 0xf0) == 0xe0        ? 2
         : first >= 0xf0 && first < 0xf5 ? 3
                                         : 4;
}

static int32_t decode(const uint8_t *at, int more) {
  int32_t point = more ? *at & (0x3f >> more) : *at;
  for (int i = 1; i <= more; i++) {
    if ((at[i] & 0xc0) != 0x80) return -1;
    point = point << 6 | (at[i] & 0x3f);
  }
  if (more == 2 && (point < 0x800 || (point >= 0xd800 && point < 0xe000))) return -1;
  return more == 3 && (point < 0x10000 || point > 0x10ffff) ? -1 : point;
}

int32_t io_utf8_next(const char **at, const char *end) {
  const uint8_t *bytes = (const uint8_t *)*at;
  const int more = bytes_behind(*bytes);
  const int32_t point = more == 4 || end - *at <= more ? -1 : decode(bytes, more);
  *at += point < 0 ? 1 : more + 1;
  return point;
}
