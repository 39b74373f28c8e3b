/* Code points of UTF-8, and what is none: the cases of the Unicode standard's table 3-7. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "io/value/utf8.h"
#include "io/value/value.h"

static void points_are_read(void **state) {
  (void)state;
  const struct {
    const char *text;
    int32_t points[5]; /* ended by 0 */
  } cases[] = {
      {"a\x7f", {'a', 0x7f}},
      {"\xc2\x80\xdf\xbf", {0x80, 0x7ff}},
      {"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", {0x800, 0xd7ff, 0xe000, 0xffff}},
      {"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", {0x10000, 0x10ffff}},
      {"\x80z", {-1, 'z'}},
      {"\xc1\xbf", {-1, -1}},                 /* longer than needed */
      {"\xe0\x9f\xbf", {-1, -1, -1}},         /* likewise */
      {"\xed\xa0\x80", {-1, -1, -1}},         /* a surrogate */
      {"\xf0\x8f\xbf\xbf", {-1, -1, -1, -1}}, /* longer than needed */
      {"\xf4\x90\x80\x80", {-1, -1, -1, -1}}, /* beyond the last */
      {"\xf5", {-1}},
      {"\xe2\x82", {-1, -1}}, /* cut short */
      {"\xe2\x82z", {-1, -1, 'z'}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *at = cases[i].text, *end = at + strlen(at);
    int all_valid = 1;
    size_t p = 0;
    for (; at < end; p++) {
      const int32_t point = io_utf8_next(&at, end);
      assert_int_equal(point, cases[i].points[p]);
      if (point < 0) all_valid = 0;
    }
    assert_ptr_equal(at, end);
    assert_true(p == 5 || !cases[i].points[p]);
    assert_int_equal(io_utf8_valid(cases[i].text, strlen(cases[i].text), false), all_valid);
  }
  assert_false(io_utf8_valid("a\0b", 3, false));
  assert_true(io_utf8_valid("a\0b", 3, true));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(points_are_read)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
