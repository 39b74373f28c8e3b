/* Moments of a group's scores, and of the responses that they give. */
#include "query/contrast/group.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/machine.h"
#include "base/memory.h"
#include "base/progress.h"
#include "la/blas.h"
#include "query/scores/moments.h"

/* Images whose deviations are in memory at a time. */
#define BLOCK ((size_t)512)

/* The upper factor of the products [n][n] (F'F = products), by Cholesky. The matrix is of many more images than scores,
 * but scores that are constant, or the same as others, leave nothing of a diagonal: a row of zeros. */
static void factorise(double *products, size_t n, double *factor) {
  memset(factor, 0, n * n * sizeof *factor);
  for (size_t i = 0; i < n; i++) {
    const double whole = products[i * n + i];
    for (size_t l = 0; l < i; l++) /* what earlier rows explain */
      for (size_t j = i; j < n; j++) products[i * n + j] -= factor[l * n + i] * factor[l * n + j];
    if (products[i * n + i] <= whole * (double)n * DBL_EPSILON) continue;
    const double pivot = sqrt(products[i * n + i]);
    for (size_t j = i; j < n; j++) factor[i * n + j] = products[i * n + j] / pivot;
  }
}

/* --- Deviations from the mean --- */

typedef struct pass {
  query_group *group;
  const berg_store *store;
  size_t part;
  const size_t *images, *minus;
  float *rows, *minus_rows; /* [BLOCK][scores] */
  double *block;            /* [BLOCK][scores] */
  double *products;         /* [scores][scores]; NULL: the deviations themselves are the factor */
  int threads;
  const berg_run *run;
  base_team *team;
} pass;

static berg_status read_block(const pass *on, size_t first, size_t count, const float **rows, const float **minus,
                              berg_error *error) {
  *minus = NULL;
  berg_status status = base_ask_cancel(on->run, error);
  if (!status) status = query_scores(on->store, on->part, on->images, first, count, on->team, on->rows, rows, error);
  if (status || !on->minus) return status;
  return query_scores(on->store, on->part, on->minus, first, count, on->team, on->minus_rows, minus, error);
}

static berg_status add_block(const pass *on, size_t first, size_t count, berg_error *error) {
  const size_t scores = on->group->scores;
  const float *rows, *minus;
  double *to = on->products ? on->block : on->group->factor + first * scores;
  berg_status status = read_block(on, first, count, &rows, &minus, error);
  if (status) return status;
  for (size_t i = 0; i < count * scores; i++)
    to[i] = (double)rows[i] - (minus ? (double)minus[i] : 0) - on->group->mean[i % scores];
  if (!on->products) return BERG_OK;
  const la_operand left = {to, scores, true}, right = {to, scores, false};
  return la_multiply(la_kernels_for(base_machine_isa()), scores, scores, count, 1, left, right, 1, on->products, scores,
                     on->threads, error);
}

static berg_status add_all(pass *on, berg_error *error) {
  const size_t scores = on->group->scores;
  on->rows = base_alloc(BLOCK, scores * sizeof *on->rows, error);
  on->minus_rows = on->rows ? base_alloc(BLOCK, scores * sizeof *on->rows, error) : NULL;
  on->block = on->minus_rows ? base_alloc(BLOCK, scores * sizeof *on->block, error) : NULL;
  berg_status status = on->block ? BERG_OK : BERG_ELIMIT;
  on->team = base_team_begin(on->threads);
  for (size_t first = 0; first < on->group->count && !status; first += BLOCK) {
    const size_t left = on->group->count - first;
    status = add_block(on, first, left < BLOCK ? left : BLOCK, error);
  }
  base_team_end(on->team);
  base_free(on->rows);
  base_free(on->minus_rows);
  base_free(on->block);
  return status;
}

/* --- Making a group --- */

/* Rounding as large as the scores themselves, and those that are subtracted, may leave it. */
static void note_size(query_group *group, const double *mean, const double *spread) {
  for (size_t j = 0; j < group->scores; j++)
    group->rounding[j] += 4 * DBL_EPSILON * (fabs(mean[j]) + sqrt((double)group->count) * spread[j]);
}

static berg_status subtract(const pass *on, double *mean, double *spread, berg_error *error) {
  query_group *group = on->group;
  berg_status status =
      query_moments(on->store, on->part, on->minus, group->count, on->threads, on->run, mean, spread, NULL, error);
  if (status) return status;
  note_size(group, mean, spread);
  for (size_t j = 0; j < group->scores; j++) group->mean[j] -= mean[j];
  return BERG_OK;
}

/* Fewer images than twice the scores are their own factor; of many the products are factored. */
static berg_status fill(pass *on, double *spread, berg_error *error) {
  query_group *group = on->group;
  const size_t scores = group->scores;
  double *covariance = on->minus ? NULL : on->products;
  berg_status status = query_moments(on->store, on->part, on->images, group->count, on->threads, on->run, group->mean,
                                     spread, covariance, error);
  if (status) return status;
  note_size(group, group->mean, spread);
  if (on->minus) status = subtract(on, spread, spread + scores, error);
  if (!status && !covariance) status = add_all(on, error);
  for (size_t i = 0; covariance && i < scores * scores; i++) covariance[i] *= (double)(group->count - 1);
  if (!status && on->products) factorise(on->products, scores, group->factor);
  return status;
}

berg_status query_group_make(query_group *group, const berg_store *store, size_t part, query_images images,
                             const size_t *minus, int threads, const berg_run *run, berg_error *error) {
  const size_t scores = store->about.parts[part].width;
  const bool many = images.count > 2 * scores;
  pass on = {.group = group,
             .store = store,
             .part = part,
             .images = images.items,
             .minus = minus,
             .threads = threads,
             .run = run};
  *group = (query_group){.count = images.count, .scores = scores, .rows = many ? scores : images.count};
  group->mean = base_alloc(scores, sizeof *group->mean, error);
  group->rounding = base_calloc(scores, sizeof *group->rounding, error);
  group->factor = base_alloc(group->rows, scores * sizeof *group->factor, error);
  double *spread = base_alloc(2 * scores, sizeof *spread, error);
  if (many) on.products = base_calloc(scores, scores * sizeof *on.products, error);
  berg_status status = group->mean && group->rounding && group->factor && spread && (!many || on.products)
                           ? fill(&on, spread, error)
                           : BERG_ELIMIT;
  base_free(spread);
  base_free(on.products);
  if (status) query_group_release(group);
  return status;
}

void query_group_release(query_group *group) {
  base_free(group->mean);
  base_free(group->factor);
  base_free(group->rounding);
  *group = (query_group){.mean = NULL};
}

/* --- Responses --- */

/* How large the variance of a response may be that is rounding alone. */
static double rounding_of(const query_group *group, const double *row) {
  double sum = 0;
  for (size_t j = 0; j < group->scores; j++) sum += row[j] * row[j] * group->rounding[j] * group->rounding[j];
  return sum;
}

berg_status query_group_respond(const query_group *group, const double *origin, const double *rows, size_t ld,
                                size_t count, int threads, double *work, double *mean, double *variance,
                                berg_error *error) {
  const la_operand factor = {group->factor, group->scores, false}, weights = {rows, ld, true};
  berg_status status = la_multiply(la_kernels_for(base_machine_isa()), group->rows, count, group->scores, 1, factor,
                                   weights, 0, work, count, threads, error);
  if (status) return status;
  memset(variance, 0, count * sizeof *variance);
  for (size_t i = 0; i < group->rows; i++)
    for (size_t v = 0; v < count; v++) variance[v] += work[i * count + v] * work[i * count + v];
  for (size_t v = 0; v < count; v++) {
    const double *row = rows + v * ld;
    mean[v] = 0;
    for (size_t j = 0; j < group->scores; j++) mean[v] += row[j] * (group->mean[j] - origin[j]);
    variance[v] /= (double)(group->count - 1);
    if (variance[v] <= rounding_of(group, row)) variance[v] = 0;
  }
  return BERG_OK;
}
