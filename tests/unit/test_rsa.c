/* Resampling of comparisons: what is approximated against what is exact, on synthetic points; sorting with inversions.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "query/similarity/rank_sort.h"
#include "query/similarity/rsa.h"

#define IMAGES 500
#define WIDTH_A 40
#define WIDTH_B 70
#define SAMPLES 400

/* Points whose spread falls along their axes, as components' do; the second cloud shares some of the first. */
static void make(query_cloud *cloud, size_t width, uint64_t seed, double decay, const query_cloud *shared) {
  base_dice dice = {seed, 1, 0};
  *cloud = (query_cloud){.count = IMAGES, .width = width};
  cloud->x = base_alloc_large(IMAGES * width, sizeof(double), NULL);
  cloud->squares = base_alloc(IMAGES, sizeof(double), NULL);
  for (size_t i = 0; i < IMAGES; i++)
    for (size_t j = 0; j < width; j++) {
      cloud->x[i * width + j] = pow(decay, (double)j) * base_dice_normal(&dice);
      if (shared && j < shared->width) cloud->x[i * width + j] += 0.5 * shared->x[i * shared->width + j];
    }
  for (size_t j = 0; j < width; j++) {
    double mean = 0;
    for (size_t i = 0; i < IMAGES; i++) mean += cloud->x[i * width + j] / IMAGES;
    for (size_t i = 0; i < IMAGES; i++) cloud->x[i * width + j] -= mean;
  }
  for (size_t i = 0; i < IMAGES; i++) {
    cloud->squares[i] = 0;
    for (size_t j = 0; j < width; j++) cloud->squares[i] += cloud->x[i * width + j] * cloud->x[i * width + j];
  }
}

static void pairs_of(query_pairs *pairs, const query_cloud *cloud) {
  assert_int_equal(query_pairs_new(pairs, IMAGES, cloud->width, QUERY_SQEUCLIDEAN, NULL), BERG_OK);
  query_pairs_put(pairs, 0, IMAGES, cloud->x);
}

typedef struct asked {
  berg_rsa_options options;
  query_rsa rsa;
  query_cloud a, b;
  query_pairs pairs_a, pairs_b;
  query_sums sums;
  double value;
} asked;

static void ask(asked *q, double decay, query_measure measure) {
  memset(q, 0, sizeof *q);
  q->options = (berg_rsa_options){.permutations = SAMPLES, .bootstraps = SAMPLES, .seed = 5};
  q->rsa = (query_rsa){
      .options = &q->options, .measure = measure, .kept_count = IMAGES, .threads = 2, .memory = (size_t)1 << 30};
  make(&q->a, WIDTH_A, 1, decay, NULL);
  make(&q->b, WIDTH_B, 2, decay, &q->a);
  pairs_of(&q->pairs_a, &q->a);
  pairs_of(&q->pairs_b, &q->b);
  assert_int_equal(query_pair_sums(&q->pairs_a, &q->pairs_b, QUERY_BY_COSINE, 1, &q->sums, NULL), BERG_OK);
  /* over ordered pairs, as cross products have them */
  double *sums = &q->sums.n;
  for (size_t i = 0; i < sizeof q->sums / sizeof *sums; i++) sums[i] *= 2;
  q->value = query_measure_of(&q->sums, measure);
}

static void release(asked *q) {
  query_cloud_close(&q->a);
  query_cloud_close(&q->b);
  query_pairs_release(&q->pairs_a);
  query_pairs_release(&q->pairs_b);
}

static void exact_permutations_are_those_of_all_pairs(void **state) {
  const query_measure measures[] = {QUERY_BY_PEARSON, QUERY_BY_COSINE};
  (void)state;
  for (size_t m = 0; m < 2; m++) {
    asked q;
    query_resampled clouds, pairs;
    ask(&q, 0.95, measures[m]);
    q.options.exact = 1;
    assert_int_equal(query_permute_clouds(&q.rsa, &q.a, &q.b, &q.sums, q.value, &clouds, NULL), BERG_OK);
    assert_int_equal(query_permute_pairs(&q.rsa, &q.pairs_a, &q.pairs_b, q.value, &pairs, NULL), BERG_OK);
    assert_true(clouds.exact && clouds.left_out == 0 && clouds.axes[0] == WIDTH_A && clouds.axes[1] == WIDTH_B);
    assert_true(fabs(clouds.mean - pairs.mean) < 1e-10);
    assert_true(fabs(clouds.spread / pairs.spread - 1) < 1e-8);
    assert_true(clouds.p == pairs.p);
    release(&q);
  }
}

/* The same orders are drawn, so that what differs is the approximation alone. */
static void leading_axes_give_the_null_distribution(void **state) {
  const double decays[] = {0.8, 0.95, 0.99};
  (void)state;
  for (size_t d = 0; d < 3; d++) {
    asked q;
    query_resampled near, exact;
    ask(&q, decays[d], QUERY_BY_PEARSON);
    assert_int_equal(query_permute_clouds(&q.rsa, &q.a, &q.b, &q.sums, q.value, &near, NULL), BERG_OK);
    q.options.exact = 1;
    assert_int_equal(query_permute_clouds(&q.rsa, &q.a, &q.b, &q.sums, q.value, &exact, NULL), BERG_OK);
    assert_false(near.exact);
    if (d == 0) assert_true(near.left_out <= 1e-4 && near.axes[0] < WIDTH_A);
    assert_true(near.left_out < 0.2);
    /* the part left out has mean 0 and that share of the variance; made up for, spreads agree as two samples of it */
    assert_true(fabs(near.mean - exact.mean) < 4 * exact.spread * sqrt(near.left_out / SAMPLES) + 1e-12);
    assert_true(fabs(near.spread / exact.spread - 1) < 4 * sqrt(near.left_out / SAMPLES) + 1e-4);
    release(&q);
  }
}

static void row_sums_are_those_of_all_pairs(void **state) {
  const query_measure measures[] = {QUERY_BY_PEARSON, QUERY_BY_COSINE};
  (void)state;
  for (size_t m = 0; m < 2; m++) {
    asked q;
    query_resampled clouds, rows;
    ask(&q, 0.95, measures[m]);
    assert_int_equal(query_bootstrap_clouds(&q.rsa, &q.a, &q.b, &clouds, NULL), BERG_OK);
    assert_int_equal(query_bootstrap_rows(&q.rsa, &q.pairs_a, &q.pairs_b, &rows, NULL), BERG_OK);
    assert_true(fabs(clouds.mean - rows.mean) < 1e-10 && fabs(clouds.low - rows.low) < 1e-10);
    assert_true(fabs(clouds.left_out - rows.left_out) < 1e-8);
    release(&q);
  }
}

static int end_at_once(void *user, size_t done, size_t total, double seconds) {
  (void)done, (void)total, (void)seconds;
  ++*(int *)user;
  return 1;
}

static void resampling_ends_where_the_caller_asks(void **state) {
  asked q;
  query_resampled found;
  int asked_for = 0;
  const berg_run run = {.size = sizeof run, .progress = end_at_once, .user = &asked_for};
  (void)state;
  ask(&q, 0.95, QUERY_BY_PEARSON);
  q.rsa.run = &run;
  assert_int_equal(query_permute_clouds(&q.rsa, &q.a, &q.b, &q.sums, q.value, &found, NULL), BERG_ECANCELLED);
  assert_int_equal(query_permute_pairs(&q.rsa, &q.pairs_a, &q.pairs_b, q.value, &found, NULL), BERG_ECANCELLED);
  assert_int_equal(query_bootstrap_pairs(&q.rsa, &q.pairs_a, &q.pairs_b, &found, NULL), BERG_ECANCELLED);
  assert_int_equal(query_bootstrap_rows(&q.rsa, &q.pairs_a, &q.pairs_b, &found, NULL), BERG_ECANCELLED);
  assert_int_equal(asked_for, 4);
  release(&q);
}

static void bootstraps_by_row_sums_are_near_those_of_all_pairs(void **state) {
  const query_measure measures[] = {QUERY_BY_PEARSON, QUERY_BY_COSINE};
  (void)state;
  for (size_t m = 0; m < 2; m++) {
    asked q;
    query_resampled near, exact;
    ask(&q, 0.9, measures[m]);
    assert_int_equal(query_bootstrap_clouds(&q.rsa, &q.a, &q.b, &near, NULL), BERG_OK);
    assert_int_equal(query_bootstrap_pairs(&q.rsa, &q.pairs_a, &q.pairs_b, &exact, NULL), BERG_OK);
    assert_true(exact.exact && !near.exact && near.left_out > 0 && near.left_out < 0.2);
    /* the same images are drawn: what differs is of the size that is told */
    assert_true(fabs(near.spread / exact.spread - 1) < 4 * sqrt(near.left_out / SAMPLES) + 1.0 / IMAGES);
    assert_true(fabs(near.mean - exact.mean) < 0.2 * exact.spread);
    assert_true(fabs(near.low - exact.low) < 0.3 * exact.spread && fabs(near.high - exact.high) < 0.3 * exact.spread);
    release(&q);
  }
}

/* --- Sorting --- */

#define RECORDS 100000

static void sorting_counts_inversions(void **state) {
  query_record *records = malloc(RECORDS * sizeof *records), *other = malloc(RECORDS * sizeof *records), *few;
  base_dice dice = {1, 2, 0};
  uint64_t inversions, expected = 0;
  (void)state;
  base_team *team = base_team_begin(3);
  for (size_t i = 0; i < 3000; i++) records[i] = (query_record){(double)base_dice_below(&dice, 50), (double)i};
  for (size_t i = 0; i < 3000; i++)
    for (size_t j = i + 1; j < 3000; j++) expected += records[j].a < records[i].a;
  assert_int_equal(query_sort(&few, records, other, 3000, QUERY_ORDER_A, team, NULL, &inversions, NULL), BERG_OK);
  assert_int_equal(inversions, expected);
  for (size_t i = 1; i < 3000; i++) /* stable: equal ones stay in their order */
    assert_true(few[i - 1].a < few[i].a || (few[i - 1].a == few[i].a && few[i - 1].b < few[i].b));
  for (size_t i = 0; i < RECORDS; i++) records[i] = (query_record){(double)(RECORDS - i), 0};
  query_record *many;
  assert_int_equal(query_sort(&many, records, other, RECORDS, QUERY_ORDER_A, team, NULL, &inversions, NULL), BERG_OK);
  assert_true(inversions == (uint64_t)RECORDS * (RECORDS - 1) / 2);
  for (size_t i = 0; i < RECORDS; i++) assert_true(many[i].a == (double)(i + 1));
  base_team_end(team);
  free(records);
  free(other);
}

/* Where the caller's own thread looks, between runs and within what is merged: nowhere a second goes by. */
typedef struct question {
  size_t asked, end;
} question;

static int ask_to_end(void *user) {
  question *q = user;
  return ++q->asked == q->end;
}

static void sorting_ends_where_the_caller_asks(void **state) {
  query_record *records = malloc(RECORDS * sizeof *records), *other = malloc(RECORDS * sizeof *records), *sorted;
  question q = {.end = 0};
  const berg_run run = {.size = sizeof run, .cancel = ask_to_end, .user = &q};
  berg_error error;
  (void)state;
  for (size_t i = 0; i < RECORDS; i++) records[i] = (query_record){(double)(i * 7919 % RECORDS), 0};
  assert_int_equal(query_sort(&sorted, records, other, RECORDS, QUERY_ORDER_A, NULL, &run, NULL, &error), BERG_OK);
  const size_t all = q.asked;
  assert_true(all >= 4 + 2 + 1); /* runs, and merges of two */
  for (q.end = 1; q.end <= all; q.end++) {
    q.asked = 0;
    assert_int_equal(query_sort(&sorted, records, other, RECORDS, QUERY_ORDER_A, NULL, &run, NULL, &error),
                     BERG_ECANCELLED);
    assert_int_equal(q.asked, q.end);
  }
  free(records);
  free(other);
}

/* As the program and the package ask: many times in each way of resampling, the last of them too. */
static void resampling_ends_within_a_sample(void **state) {
  asked of;
  question q = {.end = 0};
  query_resampled found;
  const berg_run run = {.size = sizeof run, .cancel = ask_to_end, .user = &q};
  (void)state;
  ask(&of, 0.95, QUERY_BY_PEARSON);
  of.rsa.run = &run;
  of.rsa.threads = 1;
  of.pairs_a.run = of.pairs_b.run = &run;
  for (int way = 0; way < 5; way++) {
    berg_status status = BERG_OK;
    size_t all = 0;
    for (q.end = 0; !status || q.end < all; q.end = q.end ? all : 1) { /* never, the first time, the last time */
      q.asked = 0;
      status = way == 0   ? query_permute_clouds(&of.rsa, &of.a, &of.b, &of.sums, of.value, &found, NULL)
               : way == 1 ? query_permute_pairs(&of.rsa, &of.pairs_a, &of.pairs_b, of.value, &found, NULL)
               : way == 2 ? query_bootstrap_pairs(&of.rsa, &of.pairs_a, &of.pairs_b, &found, NULL)
               : way == 3 ? query_bootstrap_rows(&of.rsa, &of.pairs_a, &of.pairs_b, &found, NULL)
                          : query_bootstrap_clouds(&of.rsa, &of.a, &of.b, &found, NULL);
      if (!q.end) all = q.asked;
      assert_int_equal(status, q.end ? BERG_ECANCELLED : BERG_OK);
      assert_int_equal(q.asked, q.end ? q.end : all);
    }
    assert_true(all >= (way == 2 ? 6 : SAMPLES)); /* in each sample, or in each product of the only square */
  }
  release(&of);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exact_permutations_are_those_of_all_pairs),
      cmocka_unit_test(leading_axes_give_the_null_distribution),
      cmocka_unit_test(row_sums_are_those_of_all_pairs),
      cmocka_unit_test(resampling_ends_where_the_caller_asks),
      cmocka_unit_test(bootstraps_by_row_sums_are_near_those_of_all_pairs),
      cmocka_unit_test(sorting_counts_inversions),
      cmocka_unit_test(sorting_ends_where_the_caller_asks),
      cmocka_unit_test(resampling_ends_within_a_sample),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
