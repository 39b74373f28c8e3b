/* Over subjects: how surprising so many significant ones are, and between what their mean may lie. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "query/control/control.h"

/* The level at which a subject counts as significant. */
/* Drawn resamples where there are too many subjects to list all. */
#define DRAWN ((size_t)10000)

static double choose(size_t n, size_t k) {
  double ways = 1;
  for (size_t i = 0; i < k; i++) ways *= (double)(n - i) / (double)(i + 1);
  return ways;
}

double query_binomial(size_t n, size_t k) {
  double sum = 0;
  for (size_t i = k; i <= n; i++)
    sum += choose(n, i) * pow(QUERY_CONTROL_LEVEL, (double)i) * pow(1 - QUERY_CONTROL_LEVEL, (double)(n - i));
  return fmin(sum, 1);
}

/* Ways to draw n of n subjects with replacement, as counts: each comes up n! / (product of count!) / n^n times. */
static void list_ways(query_resamples *r, size_t subject, size_t left, double ways, double *counts) {
  const double n = (double)r->subjects;
  if (subject + 1 == r->subjects) {
    counts[subject] = (double)left;
    for (size_t s = 0; s < r->subjects; s++) r->weights[r->count * r->subjects + s] = counts[s] / n;
    r->chance[r->count++] = ways / pow(n, n);
    return;
  }
  for (size_t k = 0; k <= left; k++) {
    counts[subject] = (double)k;
    list_ways(r, subject + 1, left - k, ways * choose(left, k), counts);
  }
}

static void draw_ways(query_resamples *r, uint64_t seed) {
  base_dice dice = query_dice(seed, QUERY_STREAM_LABELS, 1, 0);
  for (; r->count < DRAWN; r->count++) {
    double *weights = r->weights + r->count * r->subjects;
    memset(weights, 0, r->subjects * sizeof *weights);
    for (size_t i = 0; i < r->subjects; i++) weights[base_dice_below(&dice, r->subjects)] += 1 / (double)r->subjects;
    r->chance[r->count] = 1 / (double)DRAWN;
  }
}

berg_status query_resamples_make(query_resamples *resamples, size_t subjects, uint64_t seed, berg_error *error) {
  const bool listed = subjects <= QUERY_RESAMPLED;
  const size_t most = listed ? (size_t)lround(choose(2 * subjects - 1, subjects)) : DRAWN;
  double counts[QUERY_RESAMPLED];
  *resamples = (query_resamples){.subjects = subjects};
  resamples->weights = base_alloc(most * subjects, sizeof *resamples->weights, error);
  resamples->chance = base_alloc(most, sizeof *resamples->chance, error);
  if (!resamples->weights || !resamples->chance) {
    query_resamples_release(resamples);
    return BERG_ELIMIT;
  }
  if (listed)
    list_ways(resamples, 0, subjects, 1, counts);
  else
    draw_ways(resamples, seed);
  return BERG_OK;
}

void query_resamples_release(query_resamples *resamples) {
  base_free(resamples->weights);
  base_free(resamples->chance);
  *resamples = (query_resamples){.subjects = 0};
}

typedef struct outcome {
  double value, chance;
} outcome;

static int by_value(const void *a, const void *b) {
  const outcome *one = a, *other = b;
  return (one->value > other->value) - (one->value < other->value);
}

void query_interval(const query_resamples *resamples, const double *values, double *work, double interval[2]) {
  outcome *outcomes = (outcome *)work;
  double below = 0;
  interval[0] = interval[1] = NAN;
  for (size_t i = 0; i < resamples->count; i++) {
    double sum = 0;
    for (size_t s = 0; s < resamples->subjects; s++) sum += resamples->weights[i * resamples->subjects + s] * values[s];
    if (isnan(sum)) return;
    outcomes[i] = (outcome){sum, resamples->chance[i]};
  }
  qsort(outcomes, resamples->count, sizeof *outcomes, by_value);
  for (size_t i = 0; i < resamples->count; i++) {
    below += outcomes[i].chance;
    if (isnan(interval[0]) && below >= QUERY_CONTROL_LEVEL / 2) interval[0] = outcomes[i].value;
    if (isnan(interval[1]) && below >= 1 - QUERY_CONTROL_LEVEL / 2) interval[1] = outcomes[i].value;
  }
  if (isnan(interval[1])) interval[1] = outcomes[resamples->count - 1].value;
}
