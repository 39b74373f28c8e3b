/* The error record: one line, whatever goes in; what is cut tells least, and nothing overruns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>

#include "base/error.h"
#include "base/loader.h"

static void message_says_all(void **state) {
  (void)state;
  berg_error error;
  base_fault fault = {BERG_EMODEL, "weights.npy", 12, "reg_param.coef_", "shape does not fit", "(5, 250)", "(5, 249)"};
  assert_int_equal(base_fail_at(&error, &fault), BERG_EMODEL);
  assert_string_equal(
      error.message, "weights.npy: reg_param.coef_: shape does not fit, at byte 12: expected (5, 250), found (5, 249)");
  assert_string_equal(error.item, "reg_param.coef_");
  assert_int_equal(error.offset, 12);
}

/* The loader's texts: glibc's own want of memory is none that a package ends. */
static void a_library_that_memory_lacks_for_need_not_be_installed(void **state) {
  (void)state;
  berg_error error;
  assert_int_equal(base_fail_loading(&error, "LAPACK", "x.so: cannot create shared object descriptor", "install it"),
                   BERG_ELIMIT);
  assert_string_equal(error.message,
                      "LAPACK cannot be loaded: out of memory (x.so: cannot create shared object descriptor)");
  assert_int_equal(base_fail_loading(&error, "LAPACK", "x.so: no such file", "install it"), BERG_EINTERNAL);
  assert_string_equal(error.message, "LAPACK cannot be loaded (x.so: no such file): install it");
}

static void message_is_one_line(void **state) {
  (void)state;
  berg_error error;
  base_fail(&error, BERG_EINPUT, "a\nb\x1b[31m");
  assert_string_equal(error.message, "a b [31m");
}

static void long_fields_are_cut(void **state) {
  (void)state;
  berg_error error;
  char text[5000];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  base_fault fault = {BERG_EINPUT, text, BERG_NO_OFFSET, text, text, text, text};
  base_fail_at(&error, &fault);
  assert_memory_equal(error.file, "...xxx", 6);
  assert_int_equal(strlen(error.file), sizeof error.file - 1);
  assert_string_equal(error.found + sizeof error.found - 7, "xxx...");
  assert_true(strlen(error.message) < sizeof error.message);
}

static void what_is_cut_is_not_the_reason(void **state) {
  (void)state;
  berg_error error;
  char path[5000];
  memset(path, 'x', sizeof path - 1);
  memcpy(path, "/start/", 7);
  strcpy(path + sizeof path - 5, "/end");
  base_fail(&error, BERG_EINPUT, "%s: line %d: %s", path, 7, "no path");
  assert_memory_equal(error.message, "/start/xxx", 10);
  assert_non_null(strstr(error.message, "xxx...xxx"));
  assert_string_equal(error.message + strlen(error.message) - 21, "/end: line 7: no path");
  assert_int_equal(strlen(error.message), sizeof error.message - 1);
  base_fail_at(&error, &(base_fault){BERG_EINPUT, "f", BERG_NO_OFFSET, NULL, path, path, "5"});
  assert_memory_equal(error.message, "f: /start/xxx", 13);
  assert_string_equal(error.message + strlen(error.message) - 14, "xx..., found 5");
}

static void no_character_is_cut(void **state) {
  (void)state;
  berg_error error;
  char text[3001];
  for (size_t i = 0; i < 1000; i++) memcpy(text + 3 * i, "\xE2\x82\xAC", 3);
  text[3000] = '\0';
  for (int before = 0; before < 3; before++) { /* so that a character lies at every place of the cut */
    base_fail(&error, BERG_EINPUT, "%.*s%s%.*s", before, "aa", text, before, "bb");
    const char *at = error.message + before;
    while (!memcmp(at, text, 3)) at += 3;
    assert_memory_equal(at, "...", 3);
    for (at += 3; !memcmp(at, text, 3); at += 3) {
    }
    assert_int_equal(strlen(at), before);
  }
}

static void want_of_memory_is_one_status(void **state) {
  (void)state;
  berg_error error;
  assert_int_equal(base_fail_errno(&error, BERG_EWRITE, "x", "cannot be written", ENOSPC), BERG_EWRITE);
  assert_int_equal(base_fail_errno(&error, BERG_EWRITE, "x", "cannot be written", ENOMEM), BERG_ELIMIT);
  assert_int_equal(error.status, BERG_ELIMIT);
}

static void null_record_is_fine(void **state) {
  (void)state;
  assert_int_equal(base_fail(NULL, BERG_EWRITE, "x"), BERG_EWRITE);
}

static void statuses_have_names_and_exits(void **state) {
  (void)state;
  assert_string_equal(berg_status_name(BERG_ECANCELLED), "BERG_ECANCELLED");
  assert_int_equal(berg_status_exit(BERG_ECANCELLED), 130);
  assert_int_equal(berg_status_exit(BERG_EMODEL), 4);
  assert_int_equal(berg_status_exit((berg_status)999), 1);
}

/* What programs compiled against an older header know. A new status gets a line of its own here; no line is changed. */
static void statuses_keep_their_numbers(void **state) {
  static const struct {
    berg_status status;
    int number;
    const char *name;
  } known[] = {
      {BERG_OK, 0, "BERG_OK"},
      {BERG_EINTERNAL, 1, "BERG_EINTERNAL"},
      {BERG_EDEVICE, 2, "BERG_EDEVICE"},
      {BERG_EARGUMENT, 3, "BERG_EARGUMENT"},
      {BERG_ENOMODEL, 4, "BERG_ENOMODEL"},
      {BERG_EPARAMETER, 5, "BERG_EPARAMETER"},
      {BERG_ESTIMULUS, 6, "BERG_ESTIMULUS"},
      {BERG_EINPUT, 7, "BERG_EINPUT"},
      {BERG_EMODEL, 8, "BERG_EMODEL"},
      {BERG_EWRITE, 9, "BERG_EWRITE"},
      {BERG_EEXISTS, 10, "BERG_EEXISTS"},
      {BERG_ELIMIT, 11, "BERG_ELIMIT"},
      {BERG_EDIFFERENT, 12, "BERG_EDIFFERENT"},
      {BERG_ECANCELLED, 13, "BERG_ECANCELLED"},
      {BERG_EINCOMPLETE, 14, "BERG_EINCOMPLETE"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    assert_int_equal(known[i].status, known[i].number);
    assert_string_equal(berg_status_name((berg_status)known[i].number), known[i].name);
  }
#define X(name, number, exit_status, text) +1
  assert_int_equal(BERG_STATUS_MAP(X), sizeof known / sizeof *known);
#undef X
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(message_says_all),
      cmocka_unit_test(a_library_that_memory_lacks_for_need_not_be_installed),
      cmocka_unit_test(message_is_one_line),
      cmocka_unit_test(long_fields_are_cut),
      cmocka_unit_test(what_is_cut_is_not_the_reason),
      cmocka_unit_test(no_character_is_cut),
      cmocka_unit_test(want_of_memory_is_one_status),
      cmocka_unit_test(null_record_is_fine),
      cmocka_unit_test(statuses_have_names_and_exits),
      cmocka_unit_test(statuses_keep_their_numbers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
