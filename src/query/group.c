/* Moments of a group's scores, and of the responses that they give. */
#include "query/group.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "la/blas.h"

/* A pass over one list, or over two side by side, whose difference then counts. */
typedef struct pass {
  query_group *group;
  const double *minus; /* [count][scores] of the second list; NULL: there is none */
  double *sums;        /* [scores] of the deviations from the first row */
  double *block;       /* [QUERY_TILE][scores] deviations from the mean */
  double *products;    /* [scores][scores]; NULL: the factor is the deviations themselves */
  double *greatest;    /* [scores] the greatest value in magnitude */
  int threads;
} pass;

static double value_at(const pass *on, size_t at, const float *rows, size_t i, size_t j) {
  const size_t scores = on->group->scores;
  return (double)rows[i * scores + j] - (on->minus ? on->minus[(at + i) * scores + j] : 0);
}

/* The first row is the shift, so that what is summed has the size of the spread. */
static berg_status add_sums(void *user, size_t at, const float *rows, size_t count, berg_error *error) {
  const pass *on = user;
  (void)error;
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < on->group->scores; j++) {
      const double value = value_at(on, at, rows, i, j), size = fabs((double)rows[i * on->group->scores + j]);
      if (!at && !i) on->group->mean[j] = value;
      on->sums[j] += value - on->group->mean[j];
      if (size > on->greatest[j]) on->greatest[j] = size;
    }
  return BERG_OK;
}

static berg_status add_products(void *user, size_t at, const float *rows, size_t count, berg_error *error) {
  const pass *on = user;
  const size_t scores = on->group->scores;
  double *to = on->products ? on->block : on->group->factor + at * scores;
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < scores; j++) to[i * scores + j] = value_at(on, at, rows, i, j) - on->group->mean[j];
  if (!on->products) return BERG_OK;
  const la_operand left = {to, scores, true}, right = {to, scores, false};
  return la_multiply(scores, scores, count, 1, left, right, 1, on->products, scores, on->threads, error);
}

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

/* Fewer images than twice the scores are their own factor. */
static berg_status prepare(pass *on, size_t count, size_t scores, berg_error *error) {
  query_group *group = on->group;
  const bool many = count > 2 * scores;
  *group = (query_group){.count = count, .scores = scores, .rows = many ? scores : count};
  group->mean = base_calloc(scores, sizeof *group->mean, error);
  group->rounding = base_alloc(scores, sizeof *group->rounding, error);
  group->factor = base_alloc(group->rows, scores * sizeof *group->factor, error);
  on->sums = base_calloc(scores, sizeof *on->sums, error);
  on->greatest = base_calloc(scores, sizeof *on->greatest, error);
  if (many) {
    on->block = base_alloc(QUERY_TILE, scores * sizeof *on->block, error);
    on->products = base_calloc(scores, scores * sizeof *on->products, error);
  }
  return group->mean && group->rounding && group->factor && on->sums && on->greatest &&
                 (!many || (on->block && on->products))
             ? BERG_OK
             : BERG_ELIMIT;
}

static berg_status make(pass *on, const berg_store *store, size_t part, query_images images, berg_error *error) {
  query_group *group = on->group;
  base_team *team = base_team_begin(on->threads);
  berg_status status = prepare(on, images.count, store->about.parts[part].width, error);
  if (!status) status = query_images_visit(store, part, images, team, add_sums, on, error);
  for (size_t j = 0; j < group->scores && !status; j++) {
    group->mean[j] += on->sums[j] / (double)group->count;
    group->rounding[j] = 4 * DBL_EPSILON * on->greatest[j];
  }
  if (!status) status = query_images_visit(store, part, images, team, add_products, on, error);
  if (!status && on->products) factorise(on->products, group->scores, group->factor);
  base_team_end(team);
  base_free(on->sums);
  base_free(on->greatest);
  base_free(on->block);
  base_free(on->products);
  if (status) query_group_release(group);
  return status;
}

berg_status query_group_make(query_group *group, const berg_store *store, size_t part, query_images images, int threads,
                             berg_error *error) {
  return make(&(pass){.group = group, .threads = threads}, store, part, images, error);
}

typedef struct copy {
  double *to;
  size_t scores;
} copy;

static berg_status copy_rows(void *user, size_t at, const float *rows, size_t count, berg_error *error) {
  const copy *into = user;
  (void)error;
  for (size_t i = 0; i < count * into->scores; i++) into->to[at * into->scores + i] = (double)rows[i];
  return BERG_OK;
}

berg_status query_group_make_paired(query_group *group, const berg_store *store, size_t part, query_images a,
                                    query_images b, int threads, berg_error *error) {
  const size_t scores = store->about.parts[part].width;
  copy into = {base_alloc(b.count, scores * sizeof *into.to, error), scores};
  base_team *team = base_team_begin(threads);
  *group = (query_group){.mean = NULL};
  berg_status status =
      into.to ? query_images_visit(store, part, b, team, copy_rows, &into, error) : BERG_ELIMIT;
  base_team_end(team);
  if (!status)
    status = make(&(pass){.group = group, .minus = into.to, .threads = threads}, store, part, a, error);
  base_free(into.to);
  return status;
}

void query_group_release(query_group *group) {
  base_free(group->mean);
  base_free(group->factor);
  base_free(group->rounding);
  *group = (query_group){.mean = NULL};
}

/* --- Responses --- */

/* How large the standard deviation of a response may be that is rounding alone. */
static double rounding_of(const query_group *group, const double *row) {
  double sum = 0;
  for (size_t j = 0; j < group->scores; j++) sum += row[j] * row[j] * group->rounding[j] * group->rounding[j];
  return sum;
}

berg_status query_group_respond(const query_group *group, const double *origin, const double *rows, size_t ld,
                                size_t count, int threads, double *work, double *mean, double *variance,
                                berg_error *error) {
  const la_operand factor = {group->factor, group->scores, false}, weights = {rows, ld, true};
  berg_status status =
      la_multiply(group->rows, count, group->scores, 1, factor, weights, 0, work, count, threads, error);
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
