/* Products: the same bits for every number of rows planned, plain and packed, and equal to long sums in double. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/machine.h"
#include "la/gemm.h"

#define PANEL 192
#define PANELS 2
#define ROWS 200

static float *numbers(size_t count, unsigned seed) {
  float *values = aligned_alloc(64, (count * sizeof *values + 63) / 64 * 64);
  assert_non_null(values);
  for (size_t i = 0; i < count; i++) {
    seed = seed * 1664525u + 1013904223u;
    values[i] = (float)(seed >> 8) / (1 << 23) - 1;
  }
  return values;
}

static void expect_near_exact(const float *x, const float *w, size_t k, const float *y) {
  for (size_t i = 0; i < ROWS; i += 37)
    for (size_t j = 0; j < PANEL; j++) {
      double sum = 0;
      for (size_t l = 0; l < k; l++) sum += (double)x[i * k + l] * w[j * k + l];
      assert_true(fabs(sum - y[i * PANEL + j]) < 1e-6 * (double)k);
    }
}

static void same_bits_for_every_m_and_packing(size_t k) {
  static const size_t rows[] = {50, 100, 150, 200};
  la_engine *engine;
  assert_int_equal(la_engine_new(&engine, la_kernels_for(base_machine_isa()), NULL), BERG_OK);
  for (size_t r = 0; r < 4; r++) assert_int_equal(la_engine_plan(engine, rows[r], k, PANEL, NULL), BERG_OK);
  float *x = numbers(ROWS * k, 1), *w = numbers(PANELS * PANEL * k, 2), *packed = numbers(PANELS * PANEL * k, 3),
        *whole = numbers(ROWS * PANEL, 4), *y = numbers(ROWS * PANEL, 5);
  void *scratch = aligned_alloc(64, (la_engine_scratch(engine) + 127) / 64 * 64);
  la_matrix matrix = {w, PANELS * PANEL, k, PANEL, NULL};
  for (size_t p = 0; p < PANELS; p++)
    assert_int_equal(la_pack_panel(engine, &matrix, p, packed + p * PANEL * k, NULL), BERG_OK);
  for (size_t p = 0; p < PANELS; p++) {
    matrix.packed = NULL;
    assert_true(la_product(engine, ROWS, &matrix, p, x, whole, scratch));
    expect_near_exact(x, w + p * PANEL * k, k, whole);
    for (int form = 0; form < 2; form++) {
      matrix.packed = form ? packed : NULL;
      for (size_t r = 0; r < 4; r++)
        for (size_t first = 0; first + rows[r] <= ROWS; first += 50) {
          assert_true(la_product(engine, rows[r], &matrix, p, x + first * k, y, scratch));
          assert_memory_equal(y, whole + first * PANEL, rows[r] * PANEL * sizeof *y);
        }
    }
  }
  free(x), free(w), free(packed), free(whole), free(y), free(scratch);
  la_engine_free(engine);
}

static void network_products(void **state) {
  (void)state;
  same_bits_for_every_m_and_packing(768);
  same_bits_for_every_m_and_packing(3072);
}

static void what_was_not_planned_is_refused(void **state) {
  (void)state;
  la_engine *engine;
  assert_int_equal(la_engine_new(&engine, la_kernels_for(base_machine_isa()), NULL), BERG_OK);
  float *numbers_of_any_kind = numbers(PANEL * 80, 1);
  la_matrix matrix = {numbers_of_any_kind, PANEL, 80, PANEL, NULL};
  if (la_engine_is_library(engine)) {
    assert_false(la_product(engine, 7, &matrix, 0, numbers_of_any_kind, numbers_of_any_kind, NULL));
    assert_int_equal(la_pack_panel(engine, &matrix, 0, numbers_of_any_kind, NULL), BERG_EINTERNAL);
  }
  free(numbers_of_any_kind);
  la_engine_free(engine);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(network_products),
      cmocka_unit_test(what_was_not_planned_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
