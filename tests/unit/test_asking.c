/* What rankings and contrasts stand on: tails of Student's t, false discovery rates, lists, weights of groups. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "la/student.h"
#include "la/false_discovery.h"
#include "query/rank/rank.h"
#include "query/contrast/weights.h"

#define PI 3.14159265358979323846

static void near(double found, double expected, double tolerance) {
  if (!(fabs(found - expected) <= tolerance * fabs(expected))) fail_msg("%.17g is not %.17g", found, expected);
}

/* For one, two and four degrees of freedom P is an elementary function. */
static void test_tails_that_are_known(void **state) {
  static const double ts[] = {1e-4, 0.03, 0.5, 1, 3, 17, 400};
  (void)state;
  for (size_t i = 0; i < sizeof ts / sizeof *ts; i++) {
    const double t = ts[i], s = sqrt(4 + t * t);
    near(exp(la_student_log_p(t, 1)), 2 / PI * atan2(1, t), 1e-13);
    near(exp(la_student_log_p(-t, 2)), 2 / (sqrt(2 + t * t) * (sqrt(2 + t * t) + t)), 1e-13);
    if (t < 20) near(exp(la_student_log_p(t, 4)), 1 - t / s * (1 + 2 / (s * s)), t < 10 ? 1e-11 : 1e-8);
  }
  assert_true(la_student_log_p(0, 7) == 0);
  assert_true(isnan(la_student_log_p(NAN, 7)));
  assert_true(la_student_log_p(INFINITY, 7) == -INFINITY);
}

/* Mills' ratio of the normal distribution, which many degrees of freedom come to. */
static void test_a_tail_that_no_double_holds(void **state) {
  const double t = 60, df = 1e12;
  (void)state;
  near(la_student_log_p(t, df), -t * t / 2 - log(t * sqrt(PI / 2)) + log1p(-1 / (t * t)), 1e-8);
}

static void test_false_discovery(void **state) {
  const double p[] = {0.01, NAN, 0.04, 0.03, 0.005, 0.9}, expected[] = {0.025, NAN, 0.05, 0.05, 0.025, 0.9};
  double q[6];
  size_t tests;
  (void)state;
  assert_int_equal(la_false_discovery(p, 6, false, q, &tests, NULL), BERG_OK);
  assert_int_equal(tests, 5);
  for (int i = 0; i < 6; i++) {
    if (isnan(expected[i]))
      assert_true(isnan(q[i]));
    else
      near(q[i], expected[i], 1e-14);
  }
  assert_int_equal(la_false_discovery(p, 6, true, q, NULL, NULL), BERG_OK);
  near(q[4], 0.025 * (1 + 1.0 / 2 + 1.0 / 3 + 1.0 / 4 + 1.0 / 5), 1e-14);
  near(q[5], 1, 0);
}

static void check_list(const double *values, size_t count, size_t most, bool ascending, const size_t *expected,
                       size_t length) {
  query_list list;
  assert_int_equal(query_list_make(&list, values, count, most, ascending, NULL), BERG_OK);
  assert_int_equal(list.count, length);
  for (size_t i = 0; i < length; i++) assert_int_equal(list.at[i], expected[i]);
  base_free(list.at);
}

static void test_lists(void **state) {
  const double values[] = {2, NAN, 5, 2, -1, 5, NAN, 2};
  (void)state;
  check_list(values, 8, 4, false, (const size_t[]){2, 5, 0, 3}, 4);
  check_list(values, 8, 3, true, (const size_t[]){4, 0, 3}, 3);
  check_list(values, 8, 99, false, (const size_t[]){2, 5, 0, 3, 7, 4}, 6);
  check_list(values, 8, 0, false, NULL, 0);
  size_t lower[3];
  assert_int_equal(query_count_lower(values, 8, (const double[]){5, -1, 2}, 3, lower, NULL), BERG_OK);
  assert_int_equal(lower[0], 4);
  assert_int_equal(lower[1], 0);
  assert_int_equal(lower[2], 1);
  const double marks[] = {5, NAN, -1, NAN, 2}; /* those that are none do not disturb the others */
  size_t some[5];
  assert_int_equal(query_count_lower(values, 8, marks, 5, some, NULL), BERG_OK);
  assert_true(some[0] == lower[0] && some[2] == lower[1] && some[4] == lower[2]);
}

static void test_a_summary_far_from_zero(void **state) {
  double values[1001];
  (void)state;
  for (int i = 0; i < 1000; i++) values[i] = 1e9 + i % 2;
  values[1000] = NAN;
  const query_summary summary = query_summarise(values, 1001);
  assert_int_equal(summary.known, 1000);
  near(summary.mean, 1e9 + 0.5, 1e-16);
  near(summary.sd, sqrt(250.0 / 999), 1e-12);
}

static void test_weights(void **state) {
  const char *const names[] = {"faces", "objects", "s2"};
  double weights[3];
  (void)state;
  assert_int_equal(query_weights_parse("2 faces-objects - 1e0 * s2", names, 3, weights, NULL), BERG_OK);
  assert_true(weights[0] == 2 && weights[1] == -1 && weights[2] == -1);
  static const char *const bad[] = {"",
                                    "faces",
                                    "faces - ",
                                    "faces objects",
                                    "faces - face",
                                    "- - faces + faces",
                                    "1",
                                    "1e31 faces - 1e31 objects",
                                    "1e-31 faces - 1e-31 objects"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(query_weights_parse(bad[i], names, 3, weights, NULL), BERG_EPARAMETER);
  assert_true(query_weights_is_name("a_1") && !query_weights_is_name("1a") && !query_weights_is_name("a-b"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tails_that_are_known),    cmocka_unit_test(test_a_tail_that_no_double_holds),
      cmocka_unit_test(test_false_discovery),         cmocka_unit_test(test_lists),
      cmocka_unit_test(test_a_summary_far_from_zero), cmocka_unit_test(test_weights)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
