/* Evoked files: what a reader or a name that fails leaves. Tags are held against the format in
 * tests/oracle/test_fif.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/fif/evoked.h"

static char folder[] = "/tmp/berg-evoked-XXXXXX";

static int make_folder(void **state) {
  (void)state;
  return mkdtemp(folder) ? chdir(folder) : 1;
}

static int remove_folder(void **state) {
  (void)state;
  return chdir("/") || rmdir(folder);
}

static int files_here(void) {
  DIR *files = opendir(".");
  int count = -2; /* . and .. */
  while (readdir(files)) count++;
  closedir(files);
  return count;
}

static void names_are_told(void **state) {
  (void)state;
  const char *good[] = {"a-ave.fif", "x/a_ave.FIF"}, *bad[] = {"a.fif", "-ave.fif", "x/_ave.fif", "a-ave.fif.gz", ""};
  for (size_t i = 0; i < 2; i++) assert_true(io_evoked_is_name(good[i]));
  for (size_t i = 0; i < 5; i++) assert_false(io_evoked_is_name(bad[i]));
}

/* The set whose name, or whose values, are not to be had. */
typedef struct trouble {
  size_t name, values;
} trouble;

static char *name_set(void *user, size_t set, berg_error *error) {
  const trouble *at = user;
  if (set != at->name) return base_copy_text("a name", error);
  base_fail_memory(error, 7);
  return NULL;
}

static berg_status read_set(void *user, size_t set, float *values, berg_error *error) {
  const trouble *at = user;
  values[0] = values[1] = 1;
  return set == at->values ? base_fail(error, BERG_EINPUT, "set %zu is gone", set) : BERG_OK;
}

static io_evoked_sets sets_with(trouble *at) {
  static const char *const channels[] = {"Oz"};
  return (io_evoked_sets){.kind = IO_EVOKED_EEG,
                          .sets = 3,
                          .channels = 1,
                          .times = 2,
                          .channel_names = channels,
                          .rate = 100,
                          .what = "values",
                          .name = name_set,
                          .read = read_set,
                          .user = at};
}

static void what_fails_leaves_nothing(void **state) {
  (void)state;
  trouble values = {9, 2}, name = {2, 9};
  const io_evoked_sets without_values = sets_with(&values), without_name = sets_with(&name);
  berg_error error;
  assert_int_equal(io_evoked_write(&without_values, "a-ave.fif", false, &error), BERG_EINPUT);
  assert_string_equal(error.message, "set 2 is gone");
  assert_int_equal(io_evoked_write(&without_name, "a-ave.fif", false, &error), BERG_ELIMIT);
  assert_int_equal(files_here(), 0);
}

static void files_that_are_there_are_kept(void **state) {
  (void)state;
  trouble none = {9, 9};
  const io_evoked_sets sets = sets_with(&none);
  assert_int_equal(io_evoked_write(&sets, "a-ave.fif", false, NULL), BERG_OK);
  assert_int_equal(io_evoked_write(&sets, "a-ave.fif", false, NULL), BERG_EEXISTS);
  assert_int_equal(io_evoked_write(&sets, "a-ave.fif", true, NULL), BERG_OK);
  assert_int_equal(io_evoked_write(&sets, "a.fif", false, NULL), BERG_EARGUMENT);
  assert_int_equal(files_here(), 1);
  unlink("a-ave.fif");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_told),
      cmocka_unit_test(what_fails_leaves_nothing),
      cmocka_unit_test(files_that_are_there_are_kept),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
