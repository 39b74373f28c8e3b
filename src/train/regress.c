#include "train/regress.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "train/regress_job.h"

/* --- What all targets share --- */

static berg_status make_folds(train_regression *r, const train_scores *scores, berg_error *error) {
  if (!r->is_ridge || r->options.alpha_count < 2) return BERG_OK;
  const size_t folds = r->options.folds;
  if (r->rows / folds < 2)
    return base_fail(error, BERG_EARGUMENT,
                     "folds: %zu of %zu rows leave fewer than two in one, which says nothing of r squared", folds,
                     r->rows);
  r->folds = base_calloc(folds, sizeof *r->folds, error);
  if (!r->folds) return BERG_ELIMIT;
  berg_status status = BERG_OK;
  for (size_t f = 0; f < folds && !status; f++) {
    size_t first, number;
    train_chunk(r->rows, folds, f, &first, &number); /* as scikit-learn's KFold: the first are one longer */
    status = train_factor_make(&r->folds[f], scores, first, first + number, &r->machine, error);
    r->fold_count = f + 1;
  }
  return status;
}

static berg_status make(train_regression *r, const train_scores *scores, berg_error *error) {
  const size_t alphas = r->options.alpha_count;
  r->alphas = base_alloc(alphas, sizeof *r->alphas, error);
  if (!r->alphas) return BERG_ELIMIT;
  memcpy(r->alphas, r->options.alphas, alphas * sizeof *r->alphas);
  berg_status status = train_factor_make(&r->all, scores, 0, 0, &r->machine, error);
  return status ? status : make_folds(r, scores, error);
}

berg_status train_regression_new(train_regression **out, const train_scores *scores,
                                 const berg_regression_options *options, const train_machine *machine,
                                 berg_error *error) {
  *out = NULL;
  berg_status status = train_regression_check(options, error);
  if (status) return status;
  if (scores->rows < 2)
    return base_fail(error, BERG_EARGUMENT, "a regression needs at least 2 rows, found %zu", scores->rows);
  const size_t needed = regress_shared_memory(scores->rows, scores->width, options);
  if (machine->memory && needed > machine->memory)
    return base_fail(error, BERG_ELIMIT, "regression on %zu rows of %zu numbers takes %zu MiB, %zu MiB are allowed",
                     scores->rows, scores->width, needed >> 20, machine->memory >> 20);
  train_regression *r = base_calloc(1, sizeof *r, error);
  if (!r) return BERG_ELIMIT;
  r->machine = *machine;
  r->options = regress_complete(options);
  r->is_ridge = train_regression_is_ridge(&r->options);
  r->rows = scores->rows, r->width = scores->width, r->depth = la_padded(scores->rows);
  status = make(r, scores, error);
  if (status)
    train_regression_free(r);
  else
    *out = r;
  return status;
}

void train_regression_free(train_regression *r) {
  if (!r) return;
  for (size_t f = 0; f < r->fold_count; f++) train_factor_release(&r->folds[f]);
  train_factor_release(&r->all);
  base_free(r->folds);
  base_free(r->alphas);
  base_free(r);
}

/* --- A tile of targets --- */

/* Each thread's memory, in one block. */
typedef struct team {
  size_t rank, scratch;
  regress_tile *tiles;
  float *floats;
  char *bytes;
} team;

static size_t longest_rank(const train_regression *r) {
  size_t longest = r->all.padded_rank;
  for (size_t f = 0; f < r->fold_count; f++)
    if (r->folds[f].padded_rank > longest) longest = r->folds[f].padded_rank;
  return longest;
}

static void free_team(team *t) {
  base_free(t->tiles);
  base_free_large(t->floats);
  base_free(t->bytes);
}

static berg_status make_team(team *t, const train_regression *r, berg_error *error) {
  const size_t threads = (size_t)r->machine.threads, rank = longest_rank(r), each = FACTOR_TILE * (r->depth + 2 * rank);
  t->scratch = (la_engine_scratch(r->machine.engine) + BASE_ALIGNMENT) / BASE_ALIGNMENT * BASE_ALIGNMENT;
  t->tiles = base_calloc(threads, sizeof *t->tiles, error);
  t->floats = base_alloc_large(threads * each, sizeof(float), error);
  t->bytes = base_alloc(threads, t->scratch, error);
  if (!(t->tiles && t->floats && t->bytes)) return BERG_ELIMIT;
  memset(t->floats, 0, threads * each * sizeof(float));
  for (size_t i = 0; i < threads; i++) {
    t->tiles[i].responses = t->floats + i * each;
    t->tiles[i].projected = t->tiles[i].responses + FACTOR_TILE * r->depth;
    t->tiles[i].scaled = t->tiles[i].projected + FACTOR_TILE * rank;
    t->tiles[i].scratch = t->bytes + i * t->scratch;
  }
  return BERG_OK;
}

/* Targets [first, ...) of the chunk become rows, less their mean. The place of one that is not finite, or `number`. */
static size_t load(const train_regression *r, const float *responses, size_t number, size_t first, regress_tile *tile) {
  const size_t count = number - first < FACTOR_TILE ? number - first : FACTOR_TILE;
  size_t bad = number;
  tile->first = first, tile->number = count;
  for (size_t t = 0; t < FACTOR_TILE; t++) tile->mean[t] = 0;
  if (count == FACTOR_TILE) { /* the same sums as below */
    for (size_t t = 0; t < FACTOR_TILE; t += LA_STRIP)
      r->machine.kernels->strip_sum(responses + first + t, number, r->rows, tile->mean + t);
  } else {
    for (size_t i = 0; i < r->rows; i++)
      for (size_t t = 0; t < count; t++) tile->mean[t] += responses[i * number + first + t];
  }
  for (size_t t = count; t-- > 0;) {
    tile->mean[t] /= (double)r->rows;
    if (!isfinite(tile->mean[t])) bad = first + t;
  }
  for (size_t top = 0; top < r->rows; top += 16) /* sixteen floats of a target's row are one line of the cache */
    for (size_t t = 0; t < FACTOR_TILE; t++)
      for (size_t i = top; i < r->rows && i < top + 16; i++)
        tile->responses[t * r->depth + i] =
            t < count ? (float)(responses[i * number + first + t] - tile->mean[t]) : 0.0f;
  return bad;
}

bool regress_project(const train_regression *r, const train_factor *factor, regress_tile *tile) {
  const la_old_matrix matrix = {NULL, factor->padded_rank, r->depth, FACTOR_TILE, factor->left};
  for (size_t j = 0; j < factor->padded_rank; j += FACTOR_TILE) {
    if (!la_old_product(r->machine.engine, FACTOR_TILE, &matrix, j / FACTOR_TILE, tile->responses, tile->product,
                    tile->scratch))
      return false;
    for (size_t t = 0; t < FACTOR_TILE; t++)
      memcpy(tile->projected + t * factor->padded_rank + j, tile->product + t * FACTOR_TILE,
             FACTOR_TILE * sizeof(float));
  }
  return true;
}

void regress_scale(const train_factor *factor, const regress_tile *tile, size_t target, double alpha) {
  const float *from = tile->projected + target * factor->padded_rank;
  float *to = tile->scaled + target * factor->padded_rank;
  for (size_t j = 0; j < factor->rank; j++) {
    const double s = factor->singular[j];
    to[j] = (float)(from[j] * (s / (s * s + alpha)));
  }
  for (size_t j = factor->rank; j < factor->padded_rank; j++) to[j] = 0;
}

/* `alphas` [tile's number]. */
static bool solve(const train_regression *r, regress_tile *tile, const double *alphas, float *coefficients,
                  float *intercepts) {
  const train_factor *all = &r->all;
  const la_old_matrix matrix = {NULL, la_padded(r->width), all->padded_rank, FACTOR_TILE, all->right};
  double shift[FACTOR_TILE] = {0};
  if (!regress_project(r, all, tile)) return false;
  for (size_t t = 0; t < FACTOR_TILE; t++) regress_scale(all, tile, t, t < tile->number ? alphas[t] : 0);
  for (size_t j = 0; j < r->width; j += FACTOR_TILE) {
    const size_t width = r->width - j < FACTOR_TILE ? r->width - j : FACTOR_TILE;
    if (!la_old_product(r->machine.engine, FACTOR_TILE, &matrix, j / FACTOR_TILE, tile->scaled, tile->product,
                    tile->scratch))
      return false;
    for (size_t t = 0; t < tile->number; t++) {
      memcpy(coefficients + (tile->first + t) * r->width + j, tile->product + t * FACTOR_TILE, width * sizeof(float));
      for (size_t c = 0; c < width; c++) shift[t] += all->mean[j + c] * tile->product[t * FACTOR_TILE + c];
    }
  }
  for (size_t t = 0; t < tile->number; t++) intercepts[tile->first + t] = (float)(tile->mean[t] - shift[t]);
  return true;
}

/* --- A chunk --- */

static size_t best(const double *scores, size_t count) {
  size_t place = 0;
  for (size_t a = 1; a < count; a++)
    if (scores[a] > scores[place]) place = a;
  return place;
}

/* From the r^2 of each target to its alpha, or to that of all. */
static void choose(const train_regression *r, const double *scores, size_t number, double *mean, double *alphas) {
  const size_t count = r->options.alpha_count;
  for (size_t a = 0; a < count; a++) {
    mean[a] = 0;
    for (size_t v = 0; v < number; v++) mean[a] += scores[v * count + a] / (double)number;
  }
  for (size_t v = 0; v < number; v++)
    alphas[v] = r->alphas[best(r->options.alpha_per_voxel ? scores + v * count : mean, count)];
}

typedef struct chunk {
  const train_regression *r;
  const float *responses;
  size_t number;
  double *scores, *alphas; /* [number][alphas] and [number] */
  float *coefficients, *intercepts;
  team team;
} chunk;

/* One pass over the tiles: to score them, or to solve them. */
static berg_status pass(chunk *c, bool scoring, berg_error *error) {
  const train_regression *r = c->r;
  size_t bad = c->number;
  bool done = true;
#pragma omp parallel num_threads(r->machine.threads) reduction(min : bad) reduction(&& : done)
  {
    la_engine_enter_thread();
    regress_tile *tile = &c->team.tiles[omp_get_thread_num()];
#pragma omp for schedule(dynamic, 1)
    for (size_t first = 0; first < c->number; first += FACTOR_TILE) {
      const size_t found = load(r, c->responses, c->number, first, tile);
      bad = found < bad ? found : bad;
      if (found < c->number || !done) continue;
      done = scoring
                 ? regress_cross_validate(r, c->responses, c->number, tile, c->scores + first * r->options.alpha_count)
                 : solve(r, tile, c->alphas + first, c->coefficients, c->intercepts);
    }
  }
  if (bad < c->number) {
    char item[48];
    snprintf(item, sizeof item, "target %zu", bad);
    return base_fail_at(error, &(base_fault){BERG_ESTIMULUS, NULL, BERG_NO_OFFSET, item,
                                             "its responses cannot be regressed", "finite numbers", "NaN or infinity"});
  }
  return done ? BERG_OK : base_fail(error, BERG_EINTERNAL, "oneDNN could not multiply the responses");
}

static berg_status choose_alphas(chunk *c, berg_error *error) {
  const train_regression *r = c->r;
  const size_t alphas = r->options.alpha_count;
  for (size_t v = 0; v < c->number; v++) c->alphas[v] = r->is_ridge ? r->alphas[0] : 0;
  if (!r->fold_count) return BERG_OK;
  double *mean = base_alloc(alphas, sizeof *mean, error);
  c->scores = base_alloc_large(c->number * alphas, sizeof *c->scores, error);
  berg_status status = mean && c->scores ? pass(c, true, error) : BERG_ELIMIT;
  if (!status) choose(r, c->scores, c->number, mean, c->alphas);
  base_free(mean);
  base_free_large(c->scores);
  return status;
}

berg_status train_regress(const train_regression *r, const float *responses, size_t number, float *coefficients,
                          float *intercepts, double *alphas, berg_error *error) {
  chunk c = {.r = r, .responses = responses, .number = number, .coefficients = coefficients, .intercepts = intercepts};
  if (!number) return BERG_OK;
  c.alphas = base_alloc(number, sizeof *c.alphas, error);
  berg_status status = c.alphas ? make_team(&c.team, r, error) : BERG_ELIMIT;
  if (!status) status = choose_alphas(&c, error);
  if (!status) status = pass(&c, false, error);
  if (!status && alphas) memcpy(alphas, c.alphas, number * sizeof *alphas);
  free_team(&c.team);
  base_free(c.alphas);
  return status;
}
