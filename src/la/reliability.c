/* Noise ceilings and split halves from repeats, panel by panel of voxels. */
#include "la/reliability.h"

#include <math.h>
#include <stdbool.h>

#include "base/memory.h"
#include "base/team.h"
#include "la/splits.h"

/* Voxels that one thread takes at a time: few enough that 12 repeats of 100 stimuli (150 KB) stay in its cache; loops
 * over them have this fixed length, so that they become vectors. */
#define PANEL 16

/* The average of a half that is left with less than this share of its repeats' variance has cancelled: what remains is
 * rounding, no response. */
#define CANCELLED 1e-14

typedef struct panel {
  double *values;     /* [repeats][stimuli][PANEL], the mean over stimuli taken off */
  double *covariance; /* [pairs r <= s][PANEL], sums over stimuli; for r < s twice, as both orders count */
  bool valid[PANEL];
} panel;

typedef struct task {
  const la_rows *trials;
  size_t repeats, stimuli, pairs;
  const la_splits *splits; /* NULL: split halves are not asked for */
  const berg_reliability *result;
} task;

static void load_repeat(const task *t, size_t repeat, size_t first, size_t number, panel *p) {
  double *values = p->values + repeat * t->stimuli * PANEL, sum[PANEL] = {0}, low[PANEL], high[PANEL], mean[PANEL];
  for (size_t i = 0; i < t->stimuli; i++) {
    double *row = values + i * PANEL;
    memset(row, 0, PANEL * sizeof *row);
    la_rows_load(t->trials, repeat * t->stimuli + i, first, number, row);
    if (i == 0) memcpy(low, row, sizeof low);
    if (i == 0) memcpy(high, row, sizeof high);
    for (size_t v = 0; v < PANEL; v++) {
      sum[v] += row[v];
      low[v] = row[v] < low[v] ? row[v] : low[v];
      high[v] = row[v] > high[v] ? row[v] : high[v];
    }
  }
  for (size_t v = 0; v < PANEL; v++) {
    mean[v] = sum[v] / (double)t->stimuli;
    p->valid[v] &= low[v] < high[v] && isfinite(mean[v]);
  }
  for (size_t i = 0; i < t->stimuli; i++)
    for (size_t v = 0; v < PANEL; v++) values[i * PANEL + v] -= mean[v];
}

static void sum_products(const double *a, const double *b, size_t stimuli, double factor, double *sums) {
  double sum[PANEL] = {0};
  for (size_t i = 0; i < stimuli; i++)
    for (size_t v = 0; v < PANEL; v++) sum[v] += a[i * PANEL + v] * b[i * PANEL + v];
  for (size_t v = 0; v < PANEL; v++) sums[v] = factor * sum[v];
}

static void find_covariances(const task *t, panel *p) {
  const size_t repeat_size = t->stimuli * PANEL;
  double *sums = p->covariance;
  for (size_t r = 0; r < t->repeats; r++)
    for (size_t s = r; s < t->repeats; s++, sums += PANEL)
      sum_products(p->values + r * repeat_size, p->values + s * repeat_size, t->stimuli, r == s ? 1 : 2, sums);
}

/* Where the variance of repeat r is among the pairs. */
static size_t diagonal(size_t repeats, size_t r) { return r * repeats - r * (r - 1) / 2; }

/* Repeats without variance, also by underflow, have no reliability. */
static void check_variances(const task *t, panel *p) {
  for (size_t r = 0; r < t->repeats; r++)
    for (size_t v = 0; v < PANEL; v++) p->valid[v] &= p->covariance[diagonal(t->repeats, r) * PANEL + v] > 0;
}

/* The share of variance that comes back, in percent, of the average of n repeats. */
static double ceiling(double signal, double noise, double n) { return 100 * signal / (signal + noise / n); }

static void find_ceilings(const task *t, const panel *p, size_t first, size_t number) {
  double sum[PANEL] = {0};
  const double *covariance = p->covariance;
  for (size_t r = 0; r < t->repeats; r++)
    for (size_t s = r; s < t->repeats; s++, covariance += PANEL) {
      if (s == r) continue;
      const double *of_r = p->covariance + diagonal(t->repeats, r) * PANEL,
                   *of_s = p->covariance + diagonal(t->repeats, s) * PANEL;
      for (size_t v = 0; v < PANEL; v++) sum[v] += covariance[v] / (sqrt(of_r[v]) * sqrt(of_s[v]));
    }
  const double repeats = (double)t->repeats;
  for (size_t v = 0; v < number; v++) {
    double noise = fmax(0, 1 - sum[v] / (repeats * (repeats - 1))), signal = fmax(0, 1 - noise);
    if (t->result->noise_ceiling_singletrial)
      t->result->noise_ceiling_singletrial[first + v] = p->valid[v] ? ceiling(signal, noise, 1) : NAN;
    if (t->result->noise_ceiling_testset)
      t->result->noise_ceiling_testset[first + v] = p->valid[v] ? ceiling(signal, noise, repeats) : NAN;
  }
}

/* The correlation between the averages of the two halves, added to `total`. A half of k repeats has 1/k^2 of the
 * block's sum as its average's variance: the factor cancels. */
static void add_split(const task *t, const panel *p, const uint8_t *side, double *total) {
  double block[3][PANEL] = {{0}}, parts[2][PANEL] = {{0}}; /* within half 0, across (twice), within half 1 */
  const double *covariance = p->covariance;
  for (size_t r = 0; r < t->repeats; r++) {
    for (size_t v = 0; v < PANEL; v++) parts[side[r]][v] += covariance[v];
    for (size_t s = r; s < t->repeats; s++, covariance += PANEL) {
      double *sum = block[side[r] + side[s]];
      for (size_t v = 0; v < PANEL; v++) sum[v] += covariance[v];
    }
  }
  for (size_t v = 0; v < PANEL; v++) {
    bool varies = block[0][v] > CANCELLED * parts[0][v] && block[2][v] > CANCELLED * parts[1][v];
    double r = block[1][v] / 2 / (sqrt(block[0][v]) * sqrt(block[2][v]));
    total[v] += varies ? fmax(-1, fmin(1, r)) : NAN;
  }
}

static void find_halves(const task *t, const panel *p, size_t first, size_t number) {
  double total[PANEL] = {0};
  for (size_t s = 0; s < t->splits->count; s++) add_split(t, p, t->splits->side + s * t->repeats, total);
  for (size_t v = 0; v < number; v++) {
    double r = p->valid[v] ? total[v] / (double)t->splits->count : NAN;
    if (t->result->splithalf_uncorrected) t->result->splithalf_uncorrected[first + v] = r;
    if (t->result->splithalf_corrected) t->result->splithalf_corrected[first + v] = 2 * r / (1 + r);
  }
}

static void do_panel(const task *t, size_t first, size_t number, panel *p) {
  for (size_t v = 0; v < PANEL; v++) p->valid[v] = v < number;
  for (size_t r = 0; r < t->repeats; r++) load_repeat(t, r, first, number, p);
  find_covariances(t, p);
  check_variances(t, p);
  find_ceilings(t, p, first, number);
  if (t->splits) find_halves(t, p, first, number);
}

static void fill_with_nan(const berg_reliability *result, size_t voxels) {
  double *const arrays[] = {result->noise_ceiling_singletrial, result->noise_ceiling_testset,
                            result->splithalf_uncorrected, result->splithalf_corrected};
  for (size_t a = 0; a < sizeof arrays / sizeof *arrays; a++)
    for (size_t v = 0; arrays[a] && v < voxels; v++) arrays[a][v] = NAN;
}

typedef struct panels {
  const task *task;
  double *work; /* each thread: `doubles` doubles */
  size_t doubles;
} panels;

static void do_one(void *user, size_t index, size_t rank) {
  const panels *all = user;
  const task *t = all->task;
  double *own = all->work + rank * all->doubles;
  panel p = {.values = own, .covariance = own + t->repeats * t->stimuli * PANEL};
  const size_t left = t->trials->columns - index * PANEL;
  do_panel(t, index * PANEL, left < PANEL ? left : PANEL, &p);
}

static berg_status do_panels(const task *t, int threads, berg_error *error) {
  const size_t count = (t->trials->columns + PANEL - 1) / PANEL;
  size_t trials, doubles, all;
  if ((size_t)threads > count) threads = (int)count;
  if (!base_multiply(t->repeats, t->stimuli, &trials) || !base_add(trials, t->pairs, &doubles) ||
      !base_multiply(doubles, PANEL, &doubles) || !base_multiply(doubles, (size_t)threads, &all))
    return base_fail_memory(error, SIZE_MAX);
  panels shared = {t, base_alloc(all, sizeof(double), error), doubles};
  if (!shared.work) return BERG_ELIMIT;
  base_share(threads, count, do_one, &shared);
  base_free(shared.work);
  return BERG_OK;
}

berg_status la_reliability(const la_rows *trials, size_t repeats, size_t stimuli, int threads,
                           const berg_reliability *result, berg_error *error) {
  la_splits splits = {0};
  const bool halves = result->splithalf_uncorrected || result->splithalf_corrected;
  if (repeats < 2) { /* nothing was shown twice */
    fill_with_nan(result, trials->columns);
    return BERG_OK;
  }
  if (!trials->columns) return BERG_OK;
  berg_status status = halves ? la_splits_make(&splits, repeats, error) : BERG_OK;
  task t = {trials, repeats, stimuli, repeats * (repeats + 1) / 2, halves ? &splits : NULL, result};
  if (!status) status = do_panels(&t, threads, error);
  la_splits_release(&splits);
  return status;
}
