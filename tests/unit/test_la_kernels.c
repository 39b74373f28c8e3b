/* The vector kernels of each instruction set against double: centring, and dot products of every odd shape. */
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

/* Rows end where their memory ends, so that the sanitizers see a read past them. */
static void check_products(const la_kernels *kernels, size_t m, size_t n, size_t k) {
  size_t width = la_arranged_width(k);
  uint64_t seed = m * 10007 + n * 101 + k;
  float *plain = malloc(m * k * sizeof *plain), *x = calloc(m * width, sizeof *x), *w = malloc(n * k * sizeof *w);
  float *bias = malloc(n * sizeof *bias), *y = malloc(m * n * sizeof *y);
  assert_true(plain && x && w && bias && y);
  for (size_t i = 0; i < m * k; i++) plain[i] = draw(&seed);
  for (size_t i = 0; i < n * k; i++) w[i] = draw(&seed);
  for (size_t j = 0; j < n; j++) bias[j] = draw(&seed);
  for (size_t i = 0; i < m; i++) la_arrange_row(plain + i * k, k, x + i * width);
  kernels->dot_rows(x, width, m, w, k * sizeof *w, n, k, y, n, bias);
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) {
      double sum = bias[j], size = fabs(sum);
      for (size_t p = 0; p < k; p++) {
        double term = (double)plain[i * k + p] * w[j * k + p];
        sum += term;
        size += fabs(term);
      }
      assert_true(fabs(y[i * n + j] - sum) <= 3e-7 * size);
    }
  free(plain);
  free(x);
  free(w);
  free(bias);
  free(y);
}

static void test_products_of_odd_shapes(void **state) {
  static const size_t rows[] = {1, 2, 3, 5, 9}, columns[] = {1, 2, 3, 4, 7, 13},
                      depths[] = {1, 8, 15, 16, 17, 31, 250, 256};
  for (int isa = 0; isa <= (int)base_machine_isa(); isa++) {
    const la_kernels *kernels = la_kernels_for((base_isa)isa);
    for (size_t a = 0; kernels && a < sizeof rows / sizeof *rows; a++)
      for (size_t b = 0; b < sizeof columns / sizeof *columns; b++)
        for (size_t c = 0; c < sizeof depths / sizeof *depths; c++)
          check_products(kernels, rows[a], columns[b], depths[c]);
  }
  (void)state;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_centre_of_two_floats),
                                     cmocka_unit_test(test_products_of_odd_shapes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
