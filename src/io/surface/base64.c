/* Base64 in blocks. */
#include "io/surface/base64.h"

#define BLOCK 4096 /* letters that go at a time; of four each */

static void encode(const uint8_t bytes[3], char letters[4]) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  letters[0] = alphabet[bytes[0] >> 2];
  letters[1] = alphabet[(bytes[0] & 3) << 4 | bytes[1] >> 4];
  letters[2] = alphabet[(bytes[1] & 15) << 2 | bytes[2] >> 6];
  letters[3] = alphabet[bytes[2] & 63];
}

berg_status io_base64_write(io_base64 *base64, const void *bytes, size_t size, berg_error *error) {
  const uint8_t *next = bytes, *end = next + size;
  char text[BLOCK];
  size_t used = 0;
  berg_status status = BERG_OK;
  while (next < end && !status) {
    base64->kept[base64->count++] = *next++;
    if (base64->count < 3) continue;
    base64->count = 0;
    encode(base64->kept, text + used);
    used += 4;
    if (used < BLOCK) continue;
    status = base64->put(base64->user, text, used, error);
    used = 0;
  }
  return status || !used ? status : base64->put(base64->user, text, used, error);
}

berg_status io_base64_end(io_base64 *base64, berg_error *error) {
  char text[4];
  const size_t count = base64->count;
  if (!count) return BERG_OK;
  for (size_t i = count; i < 3; i++) base64->kept[i] = 0;
  encode(base64->kept, text);
  for (size_t i = count + 1; i < 4; i++) text[i] = '=';
  base64->count = 0;
  return base64->put(base64->user, text, sizeof text, error);
}
