/* berg_compare from C: threads, cancelling, and what a caller may get wrong. The figures are
 * tests/oracle/test_compare.py's. */
#include <berg.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ROWS 1400
#define COLUMNS 3001 /* ROWS x COLUMNS is more than a block holds */

static const char *const names[2] = {"compare-a.npy", "compare-b.npy"};

/* version 1.0, a header of 118 bytes, float32 */
static void write_npy(const char *path, const float *values) {
  char header[119];
  FILE *stream = fopen(path, "wb");
  assert_non_null(stream);
  int used =
      snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", ROWS, COLUMNS);
  assert_int_equal(fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, stream), 10);
  fprintf(stream, "%s%*s\n", header, 117 - used, "");
  assert_int_equal(fwrite(values, sizeof *values, (size_t)ROWS * COLUMNS, stream), (size_t)ROWS * COLUMNS);
  assert_int_equal(fclose(stream), 0);
}

static int make_files(void **state) {
  float *values = malloc(sizeof *values * ROWS * COLUMNS);
  uint32_t random = 1;
  (void)state;
  assert_non_null(values);
  for (int file = 0; file < 2; file++) {
    for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i++) {
      random = random * 1664525u + 1013904223u;
      values[i] = (float)(random >> 8) / 16777216.0f - (float)(i % 7);
    }
    write_npy(names[file], values);
  }
  free(values);
  return 0;
}

static int remove_files(void **state) {
  (void)state;
  return unlink(names[0]) | unlink(names[1]);
}

static char *compare_with(int threads, berg_status expected) {
  berg_compare_options options;
  berg_error error;
  char *json = NULL;
  berg_compare_options_init(&options);
  assert_true(isnan(options.atol) && isnan(options.min_correlation) && !options.metadata);
  options.threads = threads;
  assert_int_equal(berg_compare(names[0], names[1], &options, NULL, &json, &error), expected);
  assert_non_null(json);
  return json;
}

static void test_the_same_bits_for_any_number_of_threads(void **state) {
  (void)state;
  char *one = compare_with(1, BERG_EDIFFERENT);
  for (int threads = 2; threads <= 5; threads++) {
    char *more = compare_with(threads, BERG_EDIFFERENT);
    assert_string_equal(one, more);
    berg_free(more);
  }
  berg_free(one);
}

static void test_the_error_says_how_they_differ(void **state) {
  berg_error error;
  char *json;
  (void)state;
  assert_int_equal(berg_compare(names[0], names[1], NULL, NULL, &json, &error), BERG_EDIFFERENT);
  assert_int_equal(error.status, BERG_EDIFFERENT);
  assert_non_null(strstr(error.message, "compare-a.npy and compare-b.npy differ: "));
  berg_free(json);
  assert_int_equal(berg_compare(names[0], names[0], NULL, NULL, &json, NULL), BERG_OK);
  assert_non_null(strstr(json, "\"equal\""));
  berg_free(json);
}

typedef struct tally {
  size_t calls, last, cancel_at;
} tally;

static int count(void *user, size_t done, size_t total, double seconds) {
  tally *counter = user;
  assert_true(done > counter->last && done <= total && total == 2 * ROWS && seconds >= 0);
  counter->last = done;
  return ++counter->calls == counter->cancel_at;
}

static void test_progress_and_cancelling(void **state) {
  char *json;
  (void)state;
  tally counter = {0};
  berg_run run = {.size = sizeof run, .progress = count, .user = &counter};
  assert_int_equal(berg_compare(names[0], names[1], NULL, &run, &json, NULL), BERG_EDIFFERENT);
  berg_free(json);
  assert_int_equal(counter.last, 2 * ROWS);
  for (size_t at = 1; at <= 4; at++) {
    counter.calls = counter.last = 0;
    counter.cancel_at = at;
    assert_int_equal(berg_compare(names[0], names[1], NULL, &run, &json, NULL), BERG_ECANCELLED);
    assert_null(json);
  }
}

static void test_arguments_that_make_no_sense(void **state) {
  berg_compare_options options;
  berg_error error;
  char *json = (char *)names;
  (void)state;
  assert_int_equal(berg_compare(NULL, names[0], NULL, NULL, &json, &error), BERG_EARGUMENT);
  assert_null(json);
  assert_int_equal(berg_compare(names[0], NULL, NULL, NULL, &json, &error), BERG_EARGUMENT);
  assert_int_equal(berg_compare(names[0], names[0], NULL, NULL, NULL, &error), BERG_EARGUMENT);
  assert_int_equal(berg_compare(names[0], "no such file", NULL, NULL, &json, &error), BERG_EINPUT);
  assert_null(json);
  const struct {
    double *field, value;
  } wrong[] = {{&options.atol, -1},
               {&options.rtol, INFINITY},
               {&options.min_correlation, 1.01},
               {&options.min_voxel_correlation, -INFINITY}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    berg_compare_options_init(&options);
    *wrong[i].field = wrong[i].value;
    assert_int_equal(berg_compare(names[0], names[0], &options, NULL, &json, &error), BERG_EARGUMENT);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_same_bits_for_any_number_of_threads),
                                     cmocka_unit_test(test_the_error_says_how_they_differ),
                                     cmocka_unit_test(test_progress_and_cancelling),
                                     cmocka_unit_test(test_arguments_that_make_no_sense)};
  return cmocka_run_group_tests(tests, make_files, remove_files);
}
