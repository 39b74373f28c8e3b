/* SHA-256 against the examples of FIPS 180-4 (the rest is held against hashlib in tests/oracle/test_report.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/sha256.h"

static void check(const char *bytes, size_t repeats, size_t piece, const char *expected) {
  base_sha256 hash;
  char text[BASE_SHA256_TEXT];
  size_t length = strlen(bytes);
  base_sha256_start(&hash);
  for (size_t i = 0; i < repeats; i++)
    for (size_t done = 0; done < length; done += piece)
      base_sha256_add(&hash, bytes + done, length - done < piece ? length - done : piece);
  base_sha256_end(&hash, text);
  assert_string_equal(text, expected);
}

static void test_examples(void **state) {
  (void)state;
  check("", 1, 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  check("abc", 1, 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  for (size_t piece = 1; piece < 60; piece++)
    check("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, piece,
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  check("aaaaaaaaaa", 100000, 10, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_examples)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
