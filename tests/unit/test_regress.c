/* The closed form of least squares on orthogonal scores, chunks as upstream cuts them, and invalid options. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "train/regress/regress.h"

#define ROWS 96
#define WIDTH 5
#define TARGETS 70

static train_machine machine;

/* Cosines of the discrete transform: orthogonal, of mean 0; made shorter and shorter. */
static float score(size_t i, size_t c) {
  return (float)(cos(3.14159265358979 * ((double)i + 0.5) * (double)(c + 1) / ROWS) * 8 / (double)((c + 1) * (c + 1)));
}

static float response(size_t i, size_t v) {
  unsigned noise = (unsigned)(i * 7919 + v * 104729 + 1);
  for (int r = 0; r < 3; r++) noise = noise * 1664525u + 1013904223u;
  return 3.0f * (float)v + score(i, v % WIDTH) + ((float)(noise >> 8) / (1 << 23) - 1);
}

static void closed_form(void **state) {
  (void)state;
  float scores[ROWS * WIDTH], responses[ROWS * TARGETS], coefficients[TARGETS * WIDTH], intercepts[TARGETS];
  double alphas[TARGETS];
  for (size_t i = 0; i < ROWS; i++)
    for (size_t c = 0; c < WIDTH; c++) scores[i * WIDTH + c] = score(i, c);
  for (size_t i = 0; i < ROWS; i++)
    for (size_t v = 0; v < TARGETS; v++) responses[i * TARGETS + v] = response(i, v);
  static const double two[] = {2};
  for (int ridge = 0; ridge < 2; ridge++) {
    berg_regression_options options = {.method = ridge ? "ridge" : "ols", .alphas = two, .alpha_count = 1};
    train_regression *regression;
    const train_scores on = {scores, ROWS, WIDTH};
    assert_int_equal(train_regression_new(&regression, &on, &options, &machine, NULL), BERG_OK);
    assert_int_equal(train_regress(regression, responses, TARGETS, coefficients, intercepts, alphas, NULL), BERG_OK);
    for (size_t v = 0; v < TARGETS; v++) {
      double mean = 0;
      for (size_t i = 0; i < ROWS; i++) mean += response(i, v) / ROWS;
      assert_true(fabs(intercepts[v] - mean) < 1e-5 * (1 + fabs(mean)));
      assert_true(alphas[v] == (ridge ? 2 : 0));
      for (size_t c = 0; c < WIDTH; c++) {
        double along = 0, size = ridge ? 2 : 0;
        for (size_t i = 0; i < ROWS; i++)
          along += score(i, c) * (response(i, v) - mean), size += (double)score(i, c) * score(i, c);
        assert_true(fabs(coefficients[v * WIDTH + c] - along / size) < 1e-5);
      }
    }
    train_regression_free(regression);
  }
}

static void chunks_cover_all(void **state) {
  (void)state;
  for (size_t targets = 1; targets < 40; targets++)
    for (size_t chunks = 1; chunks <= targets; chunks++) {
      size_t at = 0, longest = 0;
      for (size_t i = 0; i < chunks; i++) {
        size_t first, number;
        train_chunk(targets, chunks, i, &first, &number);
        assert_int_equal(first, at);
        if (i == 0) longest = number;
        assert_true(number == longest || number + 1 == longest);
        assert_int_equal(number, targets / chunks + (i < targets % chunks));
        at += number;
      }
      assert_int_equal(at, targets);
    }
}

static void chunks_by_memory(void **state) {
  (void)state;
  const berg_regression_options none = {0}, asked = {.chunks = 32};
  train_machine small = machine;
  assert_int_equal(train_chunks_for(8640, 250, 211339, &none, &small), 1); /* no limit */
  small.memory = (size_t)4 << 30;
  const size_t chunks = train_chunks_for(8640, 250, 211339, &none, &small);
  assert_true(211339 / chunks * 8640 * sizeof(float) < small.memory / 4 && chunks < 16);
  assert_int_equal(train_chunks_for(8640, 250, 211339, &asked, &small), 32);
  assert_int_equal(train_chunks_for(8640, 250, 7, &asked, &small), 7);
  small.memory = 1;
  assert_int_equal(train_chunks_for(8640, 250, 7, &none, &small), 7);
}

static void defaults(void **state) {
  (void)state;
  berg_regression_options options;
  berg_regression_options_init(&options);
  assert_string_equal(options.method, "ols");
  assert_int_equal(options.folds, 5);
  assert_int_equal(options.alpha_count, 6);
  assert_int_equal(train_regression_check(&(berg_regression_options){0}, NULL), BERG_OK);
  options.method = "ridge", options.folds = 1;
  assert_int_equal(train_regression_check(&options, NULL), BERG_EARGUMENT);
  options.folds = 5, options.alphas = (const double[]){NAN}, options.alpha_count = 1;
  assert_int_equal(train_regression_check(&options, NULL), BERG_EARGUMENT);
}

static int set_up(void **state) {
  (void)state;
  machine = train_machine_for(base_machine_isa(), 2, 0);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(closed_form),
      cmocka_unit_test(chunks_cover_all),
      cmocka_unit_test(chunks_by_memory),
      cmocka_unit_test(defaults),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
