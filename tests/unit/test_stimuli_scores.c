/* Scores in memory as stimuli: what is taken, and each refusal in one line. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "model/encode/batch.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Two images of two subjects, whose scores lie in one array: 3 and 2 of each image. */
static float rows[2][5];
static berg_store_part parts[2];
static berg_error failure;

static int setup(void **state) {
  (void)state;
  for (size_t i = 0; i < 10; i++) rows[i / 5][i % 5] = (float)i;
  for (size_t p = 0; p < 2; p++)
    parts[p] = (berg_store_part){.model_id = "m",
                                 .subject = p ? "2" : "1",
                                 .scores = {.dtype = BERG_F32,
                                            .itemsize = sizeof(float),
                                            .ndim = 2,
                                            .shape = {2, p ? 2 : 3},
                                            .strides = {sizeof *rows, sizeof(float)},
                                            .data = p ? &rows[0][3] : &rows[0][0]}};
  return 0;
}

static void refused(size_t count, berg_status status, const char *words) {
  berg_stimuli *stimuli = (berg_stimuli *)(uintptr_t)1;
  assert_int_equal(berg_stimuli_from_scores(&stimuli, parts, count, &failure), status);
  assert_null(stimuli);
  assert_non_null(strstr(failure.message, words));
}

static void test_taken(void **state) {
  (void)state;
  berg_stimuli *stimuli;
  uint8_t pixel;
  assert_int_equal(berg_stimuli_from_scores(&stimuli, parts, 2, &failure), BERG_OK);
  assert_int_equal(berg_stimuli_count(stimuli), 2);
  assert_null(berg_stimuli_name(stimuli, 0));
  assert_int_equal(berg_stimuli_pixels(stimuli, 0, &pixel, &failure), BERG_ESTIMULUS);
  assert_string_equal(failure.message, "scores are given, not the pixels of the images");
  berg_stimuli_free(stimuli);
}

/* Trials ask which images they are of, to find each one's noise: a store could say it. */
static void test_which_images(void **state) {
  (void)state;
  berg_stimuli *stimuli;
  assert_int_equal(berg_stimuli_from_scores(&stimuli, parts, 2, &failure), BERG_OK);
  model_batch batch = {.room = 2, .images = 2, .stored = stimuli};
  assert_int_equal(model_batch_identify(&batch, &failure), BERG_EARGUMENT);
  assert_string_equal(failure.message, "scores in memory do not say which images they are of, as trials need to know");
  base_free(batch.digests);
  berg_stimuli_free(stimuli);
}

static void test_none(void **state) {
  (void)state;
  refused(0, BERG_EARGUMENT, "no scores were given");
}

static void test_whose(void **state) {
  (void)state;
  parts[1].subject = NULL;
  refused(2, BERG_EARGUMENT, "scores 1 (from 0): of which model and subject is not said");
}

static void test_type_and_shape(void **state) {
  (void)state;
  parts[1].scores.dtype = BERG_F64;
  refused(2, BERG_ESTIMULUS, "scores of subject 2 of m: expected float32 (images, components)");
  setup(state);
  parts[0].scores.ndim = 1;
  refused(2, BERG_ESTIMULUS, "scores of subject 1 of m: expected float32 (images, components)");
  setup(state);
  parts[0].scores.shape[0] = 0;
  refused(2, BERG_ESTIMULUS, "found float32 (0, 3)");
  setup(state);
  parts[0].scores.strides[1] = 2 * sizeof(float);
  refused(2, BERG_ESTIMULUS, "side by side");
  setup(state);
  parts[1].scores.shape[0] = 1;
  refused(2, BERG_ESTIMULUS, "scores of subject 2 of m: 1 images, where subject 1 of m has 2");
}

static void test_twice(void **state) {
  (void)state;
  parts[1].subject = "1";
  parts[1].train_splits = "all";
  refused(2, BERG_EARGUMENT, "scores of subject 1 of m are given twice");
  parts[1].train_splits = "split1";
  berg_stimuli *stimuli;
  assert_int_equal(berg_stimuli_from_scores(&stimuli, parts, 2, &failure), BERG_OK);
  berg_stimuli_free(stimuli);
}

static void test_not_finite(void **state) {
  (void)state;
  const float bad[] = {NAN, INFINITY, -INFINITY};
  for (size_t i = 0; i < COUNT(bad); i++) {
    rows[1][4] = bad[i];
    refused(2, BERG_ESTIMULUS, "scores of subject 2 of m: image 1, score 1 (from 0) is not finite");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_taken, setup),          cmocka_unit_test_setup(test_which_images, setup),
      cmocka_unit_test_setup(test_none, setup),           cmocka_unit_test_setup(test_whose, setup),
      cmocka_unit_test_setup(test_type_and_shape, setup), cmocka_unit_test_setup(test_twice, setup),
      cmocka_unit_test_setup(test_not_finite, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
