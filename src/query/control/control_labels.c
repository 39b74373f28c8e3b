/* Within a subject: is what the chosen images do more than random labels of images would? */
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "query/control/control.h"
#include "la/false_discovery.h"

/* Permutations that one thread takes at a time. */
#define PIECE ((size_t)64)

/* A condition and region: the mean of `count` images less the mean of the baseline's, of which they share `shared`. */
typedef struct test {
  size_t cell, side, region, count, shared;
  double observed;
  int sign;
} test;

/* What the permutation makes of all that is tested depends on no more than as many distinct images as the two sets hold
 * together: they are drawn once for all tests, and each takes the first of them. */
typedef struct permuting {
  const query_means *means;
  const query_control *control;
  size_t fold, most; /* images drawn */
  const test *tests;
  size_t count;
  uint32_t *images; /* [threads][most] */
  double *sums;     /* [threads][most + 1][regions] over the first images drawn */
  uint32_t *beyond; /* [threads][count] */
  base_asking asking;
} permuting;

static void draw(const permuting *p, size_t permutation, uint32_t *images, double *sums) {
  const query_means *m = p->means;
  const size_t left_out = query_left_out(p->fold);
  base_dice dice = query_dice(p->control->options->seed, QUERY_STREAM_LABELS, 0, permutation);
  query_draw_images(&dice, m->images, 0, p->most, images);
  memset(sums, 0, m->regions * sizeof *sums);
  for (size_t k = 0; k < p->most; k++) {
    const double *u = m->u + (images[k] * m->subjects + left_out) * m->regions;
    double *next = sums + m->regions;
    for (size_t r = 0; r < m->regions; r++) next[r] = sums[r] + u[r];
    sums = next;
  }
}

static void permute_some(void *user, size_t index, size_t rank) {
  permuting *p = user;
  const berg_control_options *options = p->control->options;
  if (base_asking_ended(&p->asking, rank)) return;
  const size_t regions = p->means->regions, shown = options->images;
  double *sums = p->sums + rank * (p->most + 1) * regions;
  uint32_t *beyond = p->beyond + rank * p->count;
  for (size_t i = index * PIECE; i < (index + 1) * PIECE && i < options->permutations; i++) {
    draw(p, i, p->images + rank * p->most, sums);
    for (size_t t = 0; t < p->count; t++) {
      const test *one = &p->tests[t];
      const double *sum = sums + one->region;
      const size_t first = one->count - one->shared; /* the baseline's begin there */
      const double null = sum[one->count * regions] / (double)one->count -
                          (sum[(first + shown) * regions] - sum[first * regions]) / (double)shown;
      beyond[t] += one->sign > 0 ? null > one->observed : null < one->observed;
    }
  }
}

static size_t count_shared(const uint32_t *a, size_t count, const uint32_t *b, size_t other) {
  size_t shared = 0;
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < other; j++) shared += a[i] == b[j];
  return shared;
}

static size_t list_tests(const query_univariate *found, const query_control *control, size_t fold, test *tests,
                         size_t *most) {
  const size_t shown = control->options->images, first = query_cell_index(control, fold, 0, 0);
  size_t count = 0;
  for (size_t i = 0; i < 2 * QUERY_CONDITIONS * control->pair_count; i++) {
    const size_t cell = first + i / 2, side = i % 2, condition = i / 2 % QUERY_CONDITIONS;
    const size_t region = control->pairs[i / 2 / QUERY_CONDITIONS].regions[side];
    const size_t target = fold * found->means.regions + region, chosen = found->cells[cell].count;
    if (!chosen) continue;
    const size_t shared =
        count_shared(found->shown + cell * shown, chosen, found->baseline_shown + target * shown, shown);
    const size_t together = chosen + shown - shared;
    if (together > *most) *most = together;
    tests[count] = (test){.cell = cell,
                          .side = side,
                          .region = region,
                          .count = chosen,
                          .shared = shared,
                          .observed = found->cells[cell].tested[side] - found->baseline_tested[target],
                          .sign = query_condition_sign(condition, side)};
    count++;
  }
  return count;
}

/* p = (permutations beyond what was observed + 1) / (permutations + 1). */
static void settle(query_univariate *found, const permuting *p) {
  const size_t threads = base_team_size(p->control->team);
  for (size_t t = 0; t < p->count; t++) {
    size_t beyond = 1;
    for (size_t k = 0; k < threads; k++) beyond += p->beyond[k * p->count + t];
    found->cells[p->tests[t].cell].p[p->tests[t].side] =
        (double)beyond / (double)(p->control->options->permutations + 1);
  }
}

/* q over the conditions and regions of a pair. */
static berg_status correct(query_univariate *found, const query_control *control, size_t fold, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t pair = 0; pair < control->pair_count && !status; pair++) {
    query_cell *cells = found->cells + query_cell_index(control, fold, pair, 0);
    double p[2 * QUERY_CONDITIONS], q[2 * QUERY_CONDITIONS];
    for (size_t i = 0; i < 2 * QUERY_CONDITIONS; i++) p[i] = cells[i / 2].p[i % 2];
    status = la_false_discovery(p, 2 * QUERY_CONDITIONS, false, q, NULL, error);
    for (size_t i = 0; i < 2 * QUERY_CONDITIONS && !status; i++) cells[i / 2].q[i % 2] = q[i];
  }
  return status;
}

static berg_status permute(query_univariate *found, permuting *p, berg_error *error) {
  const size_t threads = base_team_size(p->control->team);
  p->images = base_alloc(threads * p->most, sizeof *p->images, error);
  p->sums = base_alloc(threads * (p->most + 1) * p->means->regions, sizeof *p->sums, error);
  p->beyond = base_calloc(threads * p->count, sizeof *p->beyond, error);
  const bool whole = p->images && p->sums && p->beyond;
  if (whole) {
    base_team_share(p->control->team, (p->control->options->permutations + PIECE - 1) / PIECE, permute_some, p);
    if (!p->asking.status) settle(found, p);
  }
  base_free(p->images);
  base_free(p->sums);
  base_free(p->beyond);
  return whole ? (berg_status)p->asking.status : BERG_ELIMIT;
}

berg_status query_permute_labels(query_univariate *found, const query_control *control, berg_error *error) {
  test *tests = base_alloc(2 * QUERY_CONDITIONS * control->pair_count, sizeof *tests, error);
  berg_status status = tests ? BERG_OK : BERG_ELIMIT;
  for (size_t fold = 1; fold < control->folds && !status; fold++) {
    permuting p = {.means = &found->means,
                   .control = control,
                   .fold = fold,
                   .tests = tests,
                   .asking = {.run = control->run, .error = error}};
    p.count = list_tests(found, control, fold, tests, &p.most);
    if (p.count) status = permute(found, &p, error);
    if (!status) status = correct(found, control, fold, error);
  }
  base_free(tests);
  return status;
}
