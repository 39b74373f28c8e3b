/* The vector kernels of each instruction set against double: centring, and what takes the tiles of products. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "la/kernels.h"

/* Uniform in [-1, 1), the same on every machine. */
static float draw(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (float)((double)(*state >> 40) / (1 << 23) - 1);
}

/* Features of mean 1000 and spread 1e-3: the centre as one float is off by up to 3e-5, which is 3 % of the spread. */
static void test_centre_of_two_floats(void **state) {
  enum { N = 64 };
  for (int isa = 0; isa <= (int)base_machine_isa(); isa++) {
    const la_kernels *kernels = la_kernels_for((base_isa)isa);
    if (!kernels) continue; /* not in this build */
    float x[N], high[N], low[N], reciprocal[N], z[N];
    double expected[N];
    uint64_t seed = 7;
    for (size_t i = 0; i < N; i++) {
      double centre = 1000 + (double)draw(&seed) / 3, scale = 1e-3;
      x[i] = (float)(centre + scale * (double)draw(&seed));
      high[i] = (float)centre;
      low[i] = (float)(centre - high[i]);
      reciprocal[i] = (float)(1 / scale);
      expected[i] = (x[i] - centre) / scale;
    }
    kernels->standardise(x, high, low, reciprocal, N, z);
    for (size_t i = 0; i < N; i++) assert_true(fabs(z[i] - expected[i]) < 1e-6);
  }
  (void)state;
}

/* A product of `rows` rows as an engine with tiles of `tile` rows hands it on. */
static void hand_on(la_finish finish, const void *user, const float *product, size_t rows, size_t tile) {
  for (size_t first = 0; first < rows; first += tile)
    finish(user, product + first * LA_PANEL, first, rows - first < tile ? rows - first : tile);
}

/* What takes tiles, for every number of columns; beside them nothing is touched. */
static void check_takers(const la_kernels *kernels, size_t rows, size_t columns, size_t tile) {
  enum { LD = LA_PANEL + 3 };
  float product[14 * LA_PANEL], bias[LA_PANEL], stored[14 * LD], paired[7 * LD];
  double sums[14 * LD];
  uint64_t seed = rows * 101 + columns;
  for (size_t i = 0; i < 14 * LA_PANEL; i++) product[i] = draw(&seed);
  for (size_t c = 0; c < LA_PANEL; c++) bias[c] = draw(&seed);
  for (size_t i = 0; i < 14 * LD; i++) stored[i] = -7, sums[i] = 1e9;
  for (size_t i = 0; i < 7 * LD; i++) paired[i] = -7;
  hand_on(kernels->store, &(la_output){stored, LD, columns, bias}, product, rows, tile);
  hand_on(kernels->store_pairs, &(la_output){paired, LD, columns, bias}, product, rows / 2 * 2, tile);
  for (int turn = 0; turn < 2; turn++) hand_on(kernels->sum, &(la_sums){sums, LD, columns}, product, rows, tile);
  for (size_t i = 0; i < 14; i++)
    for (size_t c = 0; c < LD; c++) {
      const bool is_in = i < rows && c < columns;
      const float value = is_in ? product[i * LA_PANEL + c] : 0;
      assert_true(stored[i * LD + c] == (is_in ? value + bias[c] : -7));
      assert_true(sums[i * LD + c] == (is_in ? 1e9 + value + value : 1e9));
    }
  for (size_t i = 0; i < 7; i++)
    for (size_t c = 0; c < LD; c++)
      if (i < rows / 2 && c < columns) {
        const float pair = product[2 * i * LA_PANEL + c] + product[(2 * i + 1) * LA_PANEL + c];
        assert_true(paired[i * LD + c] == pair + bias[c]);
      } else {
        assert_true(paired[i * LD + c] == -7);
      }
}

static void test_takers_of_tiles(void **state) {
  (void)state;
  for (int isa = 0; isa <= (int)base_machine_isa(); isa++)
    for (size_t columns = 1; columns <= LA_PANEL; columns++)
      for (size_t rows = 1; rows <= 14; rows++)
        for (size_t tile = 2; tile <= 14; tile += 4) check_takers(la_kernels_for((base_isa)isa), rows, columns, tile);
}

/* Each strip rounds as one subtraction in double does. */
static void test_centred_strips(void **state) {
  enum { ROWS = 7, LD = LA_STRIP + 5 };
  (void)state;
  for (int isa = 0; isa <= (int)base_machine_isa(); isa++) {
    float x[ROWS * LD], to[ROWS * LA_PANEL];
    double mean[LA_STRIP];
    uint64_t seed = 3;
    for (size_t i = 0; i < ROWS * LD; i++) x[i] = 100 + draw(&seed);
    for (size_t i = 0; i < ROWS * LA_PANEL; i++) to[i] = -7;
    for (size_t c = 0; c < LA_STRIP; c++) mean[c] = 100 + 1e-9 * draw(&seed);
    la_kernels_for((base_isa)isa)->strip_centre(x, LD, ROWS, mean, to, LA_PANEL);
    for (size_t i = 0; i < ROWS; i++)
      for (size_t c = 0; c < LA_PANEL; c++)
        assert_true(to[i * LA_PANEL + c] == (c < LA_STRIP ? (float)(x[i * LD + c] - mean[c]) : -7));
  }
}

static void test_pitch(void **state) {
  (void)state;
  for (size_t columns = 0; columns < 5000; columns++) {
    const size_t pitch = la_pitch(columns);
    assert_true(pitch >= columns && pitch % LA_STRIP == 0 && pitch < columns + 2 * LA_STRIP);
    assert_true(!pitch || pitch * sizeof(float) % 4096);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_centre_of_two_floats),
                                     cmocka_unit_test(test_takers_of_tiles), cmocka_unit_test(test_centred_strips),
                                     cmocka_unit_test(test_pitch)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
