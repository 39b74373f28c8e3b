/* Standardisation in place and the Gram matrix, against plain loops in double. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/machine.h"
#include "base/memory.h"
#include "la/gram.h"
#include "la/moments.h"

static float number(unsigned *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return (float)(*seed >> 8) / (1 << 23) - 1;
}

/* A block at the distance of rows that there is in memory; column 3 is constant, column 5 has a huge mean. */
static la_block make_block(size_t rows, size_t columns, unsigned seed) {
  la_block block = {NULL, rows, columns, la_pitch(columns)};
  block.values = base_calloc(rows * block.ld, sizeof(float), NULL);
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++)
      block.values[i * block.ld + j] = j == 3 ? 7.3f : j == 5 ? 1e4f + 1e-2f * number(&seed) : number(&seed) * 3 + 1;
  return block;
}

static void standardised_as_plain_loops_do(const la_kernels *kernels, size_t rows, size_t columns, bool standardise) {
  la_block block = make_block(rows, columns, 1), raw = make_block(rows, columns, 1);
  double *memory = base_alloc(4 * columns, sizeof *memory, NULL);
  const la_moments m = {memory, memory + columns, memory + 2 * columns, memory + 3 * columns};
  assert_int_equal(la_moments_fit(kernels, &block, NULL, standardise, 2, &m), columns);
  for (size_t j = 0; j < columns; j++) {
    double sum = 0, squares = 0, z_sum = 0;
    for (size_t i = 0; i < rows; i++) sum += raw.values[i * raw.ld + j];
    sum /= (double)rows;
    for (size_t i = 0; i < rows; i++) squares += pow(raw.values[i * raw.ld + j] - sum, 2);
    const double variance = squares / (double)rows, scale = standardise && variance > 0 ? sqrt(variance) : 1;
    assert_true(fabs(m.mean[j] - sum) <= 1e-14 * fabs(sum));
    assert_true(fabs(m.variance[j] - variance) <= 1e-12 * variance + (j == 3 ? 1e-25 : 0));
    assert_true(fabs(m.scale[j] - scale) <= 1e-12 * scale);
    for (size_t i = 0; i < rows; i++) {
      const float z = block.values[i * block.ld + j];
      assert_true(z == (float)((raw.values[i * raw.ld + j] - m.mean[j]) / m.scale[j]));
      z_sum += z;
    }
    assert_true(fabs(m.z_mean[j] - z_sum / (double)rows) < 1e-12);
  }
  for (size_t i = 0; i < rows; i++)
    for (size_t j = columns; j < block.ld; j++) assert_true(block.values[i * block.ld + j] == 0);
  la_moments_apply(kernels, &raw, &m, 1);
  assert_memory_equal(raw.values, block.values, rows * block.ld * sizeof(float));
  base_free(block.values), base_free(raw.values), base_free(memory);
}

static void moments(void **state) {
  (void)state;
  for (int isa = BASE_ISA_PORTABLE; isa <= (int)base_machine_isa(); isa++) {
    standardised_as_plain_loops_do(la_kernels_for((base_isa)isa), 50, 100, true);
    standardised_as_plain_loops_do(la_kernels_for((base_isa)isa), 257, 64, true);
    standardised_as_plain_loops_do(la_kernels_for((base_isa)isa), 2, 7, false);
  }
}

static void the_first_column_that_is_not_finite_is_named(void **state) {
  (void)state;
  static const float values[] = {NAN, INFINITY, -INFINITY};
  for (size_t v = 0; v < 3; v++) {
    la_block block = make_block(40, 200, 2);
    double memory[800];
    const la_moments m = {memory, memory + 200, memory + 400, memory + 600};
    block.values[39 * block.ld + 199] = values[v];
    block.values[block.ld + 77] = values[v];
    block.values[5 * block.ld + 78] = values[v];
    assert_int_equal(la_moments_fit(la_kernels_for(base_machine_isa()), &block, NULL, true, 2, &m), 77);
    base_free(block.values);
  }
}

/* Rows from one that is compared with sums in double to the next. */
#define STEP (IS_EMULATED ? 31 : 3)

/* Two panels of different widths: the same bits for one and three threads, and near the sums in double. */
static void gram_of(size_t rows) {
  static const size_t widths[] = {1600, 37};
  const base_isa isa = base_machine_isa();
  la_gram *grams[2];
  la_block panels[2];
  for (size_t p = 0; p < 2; p++) panels[p] = make_block(rows, widths[p], (unsigned)p + 3);
  for (size_t p = 0; p < 2; p++) /* a huge column would drown the others' errors */
    for (size_t i = 0; i < rows; i++) panels[p].values[i * panels[p].ld + 5] = 1;
  for (int g = 0; g < 2; g++) {
    assert_int_equal(la_gram_new(&grams[g], la_floats_for(isa), la_kernels_for(isa), rows, widths[0], g ? 3 : 1, NULL),
                     BERG_OK);
    for (size_t p = 0; p < 2; p++) la_gram_add(grams[g], panels[p].values, panels[p].ld, widths[p]);
    la_gram_mirror(grams[g]);
  }
  const double *one = la_gram_values(grams[0]);
  assert_memory_equal(one, la_gram_values(grams[1]), rows * rows * sizeof *one);
  for (size_t i = 0; i < rows; i += STEP)
    for (size_t j = 0; j < rows; j++) {
      double sum = 0, size = 0;
      for (size_t p = 0; p < 2; p++)
        for (size_t k = 0; k < widths[p]; k++) {
          const double product =
              (double)panels[p].values[i * panels[p].ld + k] * panels[p].values[j * panels[p].ld + k];
          sum += product, size += fabs(product);
        }
      assert_true(fabs(one[i * rows + j] - sum) < 1e-6 * size);
      assert_true(one[i * rows + j] == one[j * rows + i]);
    }
  for (int g = 0; g < 2; g++) la_gram_free(grams[g]), base_free(panels[g].values);
}

static void grams(void **state) {
  (void)state;
  static const size_t rows[] = {1, 2, 63, 64, 65, 200, 1200};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) gram_of(rows[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(moments),
      cmocka_unit_test(the_first_column_that_is_not_finite_is_named),
      cmocka_unit_test(grams),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
