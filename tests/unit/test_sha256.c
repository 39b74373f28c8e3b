/* SHA-256: the examples of FIPS 180-4, every length around the padding, and any way of cutting the input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/sha256.h"

static const char *digest(const void *bytes, size_t size, char text[BASE_SHA256_TEXT]) {
  base_sha256 hash;
  base_sha256_start(&hash);
  base_sha256_add(&hash, bytes, size);
  base_sha256_end(&hash, text);
  return text;
}

static void examples(void **state) {
  (void)state;
  static const struct {
    const char *message, *expected;
  } known[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
  };
  char text[BASE_SHA256_TEXT];
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    assert_string_equal(digest(known[i].message, strlen(known[i].message), text), known[i].expected);
}

static void a_million(void **state) {
  (void)state;
  base_sha256 hash;
  char text[BASE_SHA256_TEXT], part[1000];
  memset(part, 'a', sizeof part);
  base_sha256_start(&hash);
  for (int i = 0; i < 1000; i++) base_sha256_add(&hash, part, sizeof part);
  base_sha256_end(&hash, text);
  assert_string_equal(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void parts_are_the_whole(void **state) {
  (void)state;
  uint8_t bytes[200];
  char whole[BASE_SHA256_TEXT], parts[BASE_SHA256_TEXT];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(31 * i + 7);
  for (size_t size = 0; size <= sizeof bytes; size++)
    for (size_t cut = 0; cut <= size; cut += 7) {
      base_sha256 hash;
      base_sha256_start(&hash);
      base_sha256_add(&hash, bytes, cut);
      base_sha256_add(&hash, bytes + cut, size - cut);
      base_sha256_end(&hash, parts);
      assert_string_equal(digest(bytes, size, whole), parts);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(examples), cmocka_unit_test(a_million),
                                     cmocka_unit_test(parts_are_the_whole)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
