/* Which names count as pictures; what is not a picture. Pixels and damage: tests/oracle/test_images.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "io/image/image.h"

static void names(void **state) {
  (void)state;
  const char *const yes[] = {"a.jpg", "A.JPG", "b.jpeg", "c.JpE", "d.e.png", "e.jfif", ".png", "folder.d/x.PNG"};
  const char *const no[] = {"", "jpg", "a.jpg.txt", "a.gif", "a.", "png", "folder.png/x", "a.jpg "};
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) assert_true(io_image_is_name(yes[i]));
  for (size_t i = 0; i < sizeof no / sizeof *no; i++) assert_false(io_image_is_name(no[i]));
}

static void no_picture(void **state) {
  (void)state;
  io_image image;
  berg_error error;
  assert_int_equal(io_image_decode(&image, NULL, 0, "x.jpg", &error), BERG_EINPUT);
  assert_string_equal(error.message, "x.jpg: not a picture, at byte 0: expected ff d8 ff (JPEG) or "
                                     "89 50 4e 47 0d 0a 1a 0a (PNG), found an empty file");
  assert_null(image.pixels);
  assert_int_equal(io_image_decode(&image, (const uint8_t *)"GIF89a", 6, "x.gif", &error), BERG_EINPUT);
  assert_string_equal(error.found, "47 49 46 38 39 61");
  assert_int_equal(io_image_read(&image, "/nonexistent/x.png", &error), BERG_EINPUT);
  assert_null(image.pixels);
  io_image_release(&image);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(names), cmocka_unit_test(no_picture)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
