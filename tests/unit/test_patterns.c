/* Patterns of regions as short vectors, against the full patterns in long double; cross products. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "query/scores/cross.h"
#include "query/scores/patterns.h"

#define SCORES 21
#define N (SCORES + 1)
#define IMAGES 37

typedef struct region {
  size_t units;
  double *rows;
  float scores[IMAGES][SCORES];
  double spread[SCORES];
} region;

static void draw(region *r, size_t units, double intercept) {
  base_dice dice = {7, units, 0};
  r->units = units;
  r->rows = malloc(units * N * sizeof *r->rows);
  for (size_t j = 0; j < SCORES; j++) r->spread[j] = pow(10, 2 - (double)j / 5);
  for (size_t i = 0; i < units * N; i++)
    r->rows[i] = i % N == SCORES ? intercept * base_dice_normal(&dice) : base_dice_normal(&dice) / r->spread[i % N];
  for (size_t i = 0; i < IMAGES; i++)
    for (size_t j = 0; j < SCORES; j++) r->scores[i][j] = (float)(base_dice_normal(&dice) * r->spread[j]);
}

static long double response(const region *r, size_t unit, size_t image) {
  const double *row = r->rows + unit * N;
  long double sum = row[SCORES];
  for (size_t j = 0; j < SCORES; j++) sum += (long double)row[j] * r->scores[image][j];
  return sum;
}

/* The full patterns at length 1: [IMAGES][units]. */
static long double *full_patterns(const region *r, query_centring centring) {
  long double *patterns = malloc(IMAGES * r->units * sizeof *patterns);
  for (size_t i = 0; i < IMAGES; i++) {
    long double *pattern = patterns + i * r->units, mean = 0, square = 0;
    for (size_t u = 0; u < r->units; u++) pattern[u] = response(r, u, i), mean += pattern[u] / r->units;
    if (centring == QUERY_UNCENTRED) mean = 0;
    for (size_t u = 0; u < r->units; u++) pattern[u] -= mean, square += pattern[u] * pattern[u];
    for (size_t u = 0; u < r->units; u++) pattern[u] /= sqrtl(square);
  }
  return patterns;
}

/* 1 - r, as half the squared distance of unit vectors. */
static long double distance(const long double *a, const long double *b, size_t units) {
  long double sum = 0;
  for (size_t u = 0; u < units; u++) sum += (a[u] - b[u]) * (a[u] - b[u]);
  return sum / 2;
}

static double *normalised(const region *r, query_centring centring, int threads, size_t *width, size_t *undefined) {
  query_patterns *patterns;
  assert_int_equal(query_patterns_make(&patterns, r->rows, r->units, SCORES, r->spread, centring, threads, NULL),
                   BERG_OK);
  *width = query_patterns_width(patterns);
  double *x = malloc(IMAGES * *width * sizeof *x);
  query_patterns_of(patterns, r->scores[0], SCORES, IMAGES, x);
  *undefined = query_patterns_normalise(patterns, IMAGES, x);
  query_patterns_free(patterns);
  return x;
}

static void check(size_t units, double intercept, query_centring centring) {
  region r;
  size_t width, undefined;
  draw(&r, units, intercept);
  double *x = normalised(&r, centring, 1, &width, &undefined);
  long double *full = full_patterns(&r, centring);
  assert_int_equal(undefined, 0);
  assert_int_equal(width, units < N ? units : N);
  for (size_t a = 0; a < IMAGES; a++)
    for (size_t b = 0; b < a; b++) {
      double d = 0;
      for (size_t j = 0; j < width; j++) d += pow(x[a * width + j] - x[b * width + j], 2) / 2;
      const double expected = (double)distance(full + a * units, full + b * units, units);
      assert_true(fabs(d - expected) <= 1e-9 * expected);
    }
  free(full);
  free(x);
  free(r.rows);
}

static void correlations_are_those_of_full_patterns(void **state) {
  (void)state;
  check(300, 1, QUERY_CENTRED);
  check(5000, 1, QUERY_CENTRED); /* factored in three pieces */
  check(300, 1, QUERY_UNCENTRED);
}

static void a_common_pattern_takes_no_digits(void **state) {
  (void)state;
  check(300, 1e4, QUERY_CENTRED);
  check(300, 1e4, QUERY_UNCENTRED);
  check(9, 1e4, QUERY_CENTRED);
}

static void small_regions(void **state) {
  (void)state;
  check(3, 1, QUERY_CENTRED);
  check(N - 1, 1, QUERY_CENTRED);
  check(N, 1, QUERY_CENTRED);
  check(N + 1, 1, QUERY_CENTRED);
  check(1, 1, QUERY_UNCENTRED);
}

static void units_that_are_equal_have_no_pattern(void **state) {
  region r;
  size_t width, undefined;
  (void)state;
  draw(&r, 40, 3);
  for (size_t u = 1; u < 40; u++) memcpy(r.rows + u * N, r.rows, N * sizeof *r.rows);
  double *x = normalised(&r, QUERY_CENTRED, 1, &width, &undefined);
  assert_int_equal(undefined, IMAGES);
  assert_true(isnan(x[0]));
  free(x);
  free(r.rows);
}

static void one_unit_is_no_pattern(void **state) {
  query_patterns *patterns;
  berg_error error;
  region r;
  (void)state;
  draw(&r, 1, 1);
  assert_int_equal(query_patterns_new(&patterns, r.rows, 1, SCORES, r.spread, 1, &error), BERG_EPARAMETER);
  assert_string_equal(error.message, "a pattern needs at least 2 units, found 1");
  assert_null(patterns);
  free(r.rows);
}

static void threads_change_no_bit(void **state) {
  region r;
  size_t width, undefined;
  (void)state;
  draw(&r, 300, 1);
  double *one = normalised(&r, QUERY_CENTRED, 1, &width, &undefined),
         *three = normalised(&r, QUERY_CENTRED, 3, &width, &undefined);
  assert_memory_equal(one, three, IMAGES * width * sizeof *one);
  free(one);
  free(three);
  free(r.rows);
}

/* --- Cross products --- */

#define COUNT 700

static void cross_products_are_sums_over_images(void **state) {
  const size_t p = 29, q = 51;
  double *x = malloc(COUNT * p * sizeof *x), *y = malloc(COUNT * q * sizeof *y), *c = calloc(p * q, sizeof *c),
         *s = calloc(q * q, sizeof *s);
  base_dice dice = {3, 1, 0};
  query_packed a, b;
  (void)state;
  for (size_t i = 0; i < COUNT * p; i++) x[i] = base_dice_normal(&dice);
  for (size_t i = 0; i < COUNT * q; i++) y[i] = base_dice_normal(&dice);
  assert_int_equal(query_packed_new(&a, p, NULL), BERG_OK);
  assert_int_equal(query_packed_new(&b, q, NULL), BERG_OK);
  base_team *team = base_team_begin(3);
  query_pack(&a, x, COUNT, team);
  query_pack(&b, y, COUNT, team);
  query_cross_add(&a, &b, c, team);
  query_cross_add(&b, &b, s, team);
  query_mirror(s, q);
  base_team_end(team);
  for (size_t k = 0; k < q; k++)
    for (size_t l = 0; l < q; l++) {
      double with_x = 0, with_y = 0;
      for (size_t i = 0; i < COUNT; i++) {
        with_x += l < p ? x[i * p + l] * y[i * q + k] : 0;
        with_y += y[i * q + l] * y[i * q + k];
      }
      if (l < p) assert_true(fabs(c[l * q + k] - with_x) < 1e-11);
      assert_true(fabs(s[l * q + k] - with_y) < 1e-11);
    }
  query_packed_release(&a);
  query_packed_release(&b);
  free(x);
  free(y);
  free(c);
  free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(correlations_are_those_of_full_patterns),
      cmocka_unit_test(a_common_pattern_takes_no_digits),
      cmocka_unit_test(small_regions),
      cmocka_unit_test(units_that_are_equal_have_no_pattern),
      cmocka_unit_test(one_unit_is_no_pattern),
      cmocka_unit_test(threads_change_no_bit),
      cmocka_unit_test(cross_products_are_sums_over_images),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
