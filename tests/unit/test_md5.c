/* MD5: the examples of RFC 1321, lengths around the padding against each other, any way of cutting the input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/md5.h"

static const char *digest(const void *bytes, size_t size, size_t piece, char text[BASE_MD5_TEXT]) {
  base_md5 hash;
  base_md5_start(&hash);
  for (size_t i = 0; i < size; i += piece)
    base_md5_add(&hash, (const uint8_t *)bytes + i, size - i < piece ? size - i : piece);
  base_md5_end(&hash, text);
  return text;
}

static void examples(void **state) {
  static const char *const known[][2] = {
      {"", "d41d8cd98f00b204e9800998ecf8427e"},
      {"a", "0cc175b9c0f1b6a831c399e269772661"},
      {"abc", "900150983cd24fb0d6963f7d28e17f72"},
      {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
      {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
      {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"},
      {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
       "57edf4a22be3c955ac49da2e2107b67a"}};
  char text[BASE_MD5_TEXT];
  (void)state;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    assert_string_equal(digest(known[i][0], strlen(known[i][0]), 1000, text), known[i][1]);
}

static void pieces(void **state) {
  uint8_t bytes[300];
  char whole[BASE_MD5_TEXT], cut[BASE_MD5_TEXT];
  (void)state;
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(7 * i + 3);
  for (size_t size = 0; size <= sizeof bytes; size++)
    for (size_t piece = 1; piece < 140; piece += 9)
      assert_string_equal(digest(bytes, size, sizeof bytes, whole), digest(bytes, size, piece, cut));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(examples), cmocka_unit_test(pieces)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
