/* The checksum that files of converted weights carry: its values must not change, or every such file would be
 * rebuilt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/checksum.h"

/* Of bytes((31 * i + 7 + (i >> 8)) % 256 for i in range(length)), by the formula written out in Python's whole
 * numbers. */
static const struct {
  size_t length;
  const char *expected;
} known[] = {
    {0, "0000000000000000ffffffffffffffff"},       {1, "9d4b750674aa66628a8e7cb8d5c42c34"},
    {63, "45ff6bda6af9fdd2c2d11664def12515"},      {64, "7049859b3365a3246e5858d7215a6822"},
    {65, "8e32440853546fb205f176b1dd3a3fce"},      {200, "ad0618308db1e910daae87404e572cb3"},
    {1048575, "a28b46e638cfb3b33fd66bf8c02fe405"}, {1048576, "26a7a67e5d03e350ac736400c3fbafec"},
    {1048577, "a80dfc86aa636e3fc690e03de4b3b22c"}, {3145805, "dfd37feb46c75427671faf7b46b5ef05"},
};

static void values_stay(void **state) {
  (void)state;
  const size_t count = sizeof known / sizeof *known, most = known[count - 1].length;
  uint8_t *bytes = malloc(most);
  assert_non_null(bytes);
  for (size_t i = 0; i < most; i++) bytes[i] = (uint8_t)(31 * i + 7 + (i >> 8));
  for (int threads = 1; threads <= 3; threads++)
    for (size_t i = 0; i < count; i++) {
      char text[BASE_CHECKSUM_TEXT];
      base_checksum(bytes, known[i].length, threads, text);
      assert_string_equal(text, known[i].expected);
    }
  free(bytes);
}

static void pieces_do_not_matter(void **state) {
  enum { MOST = 3 * BASE_RUNNING_BLOCK + 5 };
  static uint8_t bytes[MOST];
  static base_running running;
  (void)state;
  for (size_t i = 0; i < MOST; i++) bytes[i] = (uint8_t)(31 * i + 7 + (i >> 8));
  base_running_start(&running);
  base_running_add(&running, bytes, MOST);
  const uint64_t whole = base_running_end(&running);
  for (size_t piece = 1; piece < MOST; piece = piece * 3 + 1) {
    base_running_start(&running);
    for (size_t at = 0; at < MOST; at += piece)
      base_running_add(&running, bytes + at, piece < MOST - at ? piece : MOST - at);
    assert_true(base_running_end(&running) == whole);
  }
  for (size_t at = 0; at < MOST; at += 509) {
    bytes[at] ^= 1;
    base_running_start(&running);
    base_running_add(&running, bytes, MOST);
    assert_true(base_running_end(&running) != whole);
    bytes[at] ^= 1;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(values_stay), cmocka_unit_test(pieces_do_not_matter)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
