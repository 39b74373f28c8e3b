/* The quarters of the trials of MEG and TVSD are those that upstream's permutation gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "train/run/quarters.h"

#define TRIALS 22248

static void upstreams_permutation(void **state) {
  static const size_t start[] = {21031, 18660, 10059, 1611, 15830, 19570}, quarters[] = {21031, 19700, 11986, 19915};
  static size_t order[TRIALS];
  (void)state;
  train_permutation(order, TRIALS);
  assert_memory_equal(order, start, sizeof start);
  for (size_t k = 0; k < 4; k++) assert_int_equal(order[k * (TRIALS / 4)], quarters[k]);
  assert_int_equal(order[TRIALS - 1], 12072);
}

static void each_number_once(void **state) {
  static unsigned char seen[TRIALS];
  static size_t order[TRIALS];
  (void)state;
  train_permutation(order, TRIALS);
  for (size_t i = 0; i < TRIALS; i++) assert_int_equal(seen[order[i]]++, 0);
}

static void few_numbers(void **state) {
  size_t order[2] = {7, 7};
  (void)state;
  train_permutation(order, 0);
  train_permutation(order, 1);
  assert_int_equal(order[0], 0);
  assert_int_equal(order[1], 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(upstreams_permutation), cmocka_unit_test(each_number_once),
                                     cmocka_unit_test(few_numbers)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
