/* Numbers as people read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/text.h"

static void bytes_have_the_unit_that_suits_them(void **state) {
  static const struct {
    double bytes;
    const char *text;
  } cases[] = {{0, "0 bytes"},      {999, "999 bytes"}, {1000, "1.0 kB"},   {999949, "999.9 kB"},  {999950, "1.0 MB"},
               {1234567, "1.2 MB"}, {5e9, "5.0 GB"},    {2.5e12, "2.5 TB"}, {1e18, "1000000.0 TB"}};
  char text[BASE_BYTES_ROOM];
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_string_equal(base_bytes_text(cases[i].bytes, text), cases[i].text);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(bytes_have_the_unit_that_suits_them)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
