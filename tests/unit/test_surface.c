/* Surface files: what is refused, what a reader that fails leaves, and the letters of base64 whichever parts its
 * bytes come in. Values are held against nibabel in tests/oracle/test_surface_files.py. */
#define _GNU_SOURCE /* braces in a pattern */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/surface/base64.h"
#include "io/surface/surface.h"

static char folder[] = "/tmp/berg-surface-XXXXXX";

static int make_folder(void **state) {
  (void)state;
  return mkdtemp(folder) ? chdir(folder) : 1;
}

static int remove_folder(void **state) {
  (void)state;
  return chdir("/") || rmdir(folder);
}

static size_t files_here(void) {
  glob_t found;
  size_t count = glob("{*,.*.new}", GLOB_BRACE, NULL, &found) ? 0 : found.gl_pathc;
  if (count) globfree(&found);
  return count;
}

static void names_are_told(void **state) {
  (void)state;
  const char *good[] = {"a.func.gii", "lh.mgh", "x/rh.MGZ"};
  const char *bad[] = {"a.gii", "a.surf.gii", "mgh", "a.mgh.gz", ".mgh", "x/.mgz", ""};
  for (size_t i = 0; i < 3; i++) assert_true(io_surface_is_name(good[i]));
  for (size_t i = 0; i < 7; i++) assert_false(io_surface_is_name(bad[i]));
}

static berg_status read_two(void *user, size_t row, float *values, berg_error *error) {
  (void)user;
  values[0] = values[1] = values[2] = 1;
  if (row < 2) return BERG_OK;
  if (error) strcpy(error->message, "row 2 is gone");
  return BERG_EINPUT;
}

static void a_reader_that_fails_leaves_nothing(void **state) {
  (void)state;
  const char *paths[] = {"a.func.gii", "a.mgh", "a.mgz"};
  const io_surface_rows rows = {.surface = {3, IO_RIGHT}, .rows = 3, .columns = 3, .what = "values", .read = read_two};
  for (size_t i = 0; i < 3; i++) {
    berg_error error;
    assert_int_equal(io_surface_write(&rows, paths[i], false, &error), BERG_EINPUT);
    assert_string_equal(error.message, "row 2 is gone");
    assert_int_equal(files_here(), 0);
  }
}

static void files_that_are_there_are_kept(void **state) {
  (void)state;
  const io_surface_rows rows = {.surface = {3, IO_LEFT}, .rows = 2, .columns = 3, .what = "values", .read = read_two};
  berg_error error;
  assert_int_equal(io_surface_write(&rows, "a.mgh", false, &error), BERG_OK);
  assert_int_equal(io_surface_write(&rows, "a.mgh", false, &error), BERG_EEXISTS);
  assert_int_equal(io_surface_write(&rows, "a.mgh", true, &error), BERG_OK);
  assert_int_equal(io_surface_write(&rows, "a.gii", false, &error), BERG_EARGUMENT);
  unlink("a.mgh");
}

static void sizes_are_checked(void **state) {
  (void)state;
  const size_t twice[] = {1, 1}, far[] = {0, 3};
  const struct {
    io_surface_rows rows;
    berg_status status;
    const char *part;
  } cases[] = {
      {{.surface = {3, IO_LEFT}, .rows = 1, .columns = 2}, BERG_EMODEL, "2 columns on a surface of 3 vertices"},
      {{.surface = {3, IO_LEFT}, .rows = 0, .columns = 3}, BERG_EARGUMENT, "a number of images of 0"},
      {{.surface = {0, IO_LEFT}, .rows = 1}, BERG_EARGUMENT, "a number of vertices of 0"},
      {{.surface = {(size_t)INT32_MAX + 1, IO_LEFT}, .rows = 1}, BERG_EARGUMENT, "of 2147483648: a surface file holds"},
      {{.surface = {3, IO_LEFT}, .rows = 1, .columns = 2, .vertices = twice},
       BERG_EARGUMENT,
       "vertex 1, after vertex 1"},
      {{.surface = {3, IO_LEFT}, .rows = 1, .columns = 2, .vertices = far}, BERG_EMODEL, "vertex 3 of a surface"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    berg_error error;
    assert_int_equal(io_surface_check(&cases[i].rows, "a.mgh", &error), cases[i].status);
    if (!strstr(error.message, cases[i].part)) fail_msg("\"%s\" lacks \"%s\"", error.message, cases[i].part);
  }
}

/* --- Base64 --- */

typedef struct letters {
  char text[64];
  size_t used;
} letters;

static berg_status take(void *user, const char *text, size_t size, berg_error *error) {
  letters *all = user;
  (void)error;
  memcpy(all->text + all->used, text, size);
  all->used += size;
  return BERG_OK;
}

static void base64_is_that_of_rfc_4648(void **state) {
  (void)state;
  const struct {
    const char *bytes, *text;
  } known[] = {{"", ""},
               {"f", "Zg=="},
               {"fo", "Zm8="},
               {"foo", "Zm9v"},
               {"foob", "Zm9vYg=="},
               {"fooba", "Zm9vYmE="},
               {"foobar", "Zm9vYmFy"},
               {"\xfb\xef\xbe\xff\xff\xff", "++++////"}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    for (size_t part = 1; part <= 6; part++) {
      letters all = {.used = 0};
      io_base64 base64 = {.put = take, .user = &all};
      const size_t size = strlen(known[i].bytes);
      for (size_t at = 0; at < size; at += part)
        assert_int_equal(io_base64_write(&base64, known[i].bytes + at, size - at < part ? size - at : part, NULL),
                         BERG_OK);
      assert_int_equal(io_base64_end(&base64, NULL), BERG_OK);
      assert_int_equal(all.used, strlen(known[i].text));
      assert_memory_equal(all.text, known[i].text, all.used);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_told),
      cmocka_unit_test(a_reader_that_fails_leaves_nothing),
      cmocka_unit_test(files_that_are_there_are_kept),
      cmocka_unit_test(sizes_are_checked),
      cmocka_unit_test(base64_is_that_of_rfc_4648),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
