/* One regression a voxel, tile by tile. */
#include "train/regress/regress.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/team.h"
#include "base/text.h"
#include "train/regress/regress_job.h"

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
  const size_t needed = regress_shared_memory(scores->rows, scores->width, options, machine->threads);
  if (machine->memory && needed > machine->memory)
    return base_fail(error, BERG_ELIMIT, "regression on %zu rows of %zu numbers takes %zu MiB, %zu MiB are allowed",
                     scores->rows, scores->width, needed >> 20, machine->memory >> 20);
  train_regression *r = base_calloc(1, sizeof *r, error);
  if (!r) return BERG_ELIMIT;
  r->machine = *machine;
  r->options = regress_complete(options);
  r->is_ridge = train_regression_is_ridge(&r->options);
  r->rows = scores->rows, r->width = scores->width;
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

/* Each thread's memory, in two blocks. */
typedef struct team {
  regress_tile *tiles;
  float *floats;
  double *doubles;
} team;

static size_t longest_rank(const train_regression *r) {
  size_t longest = r->all.rank;
  for (size_t f = 0; f < r->fold_count; f++)
    if (r->folds[f].rank > longest) longest = r->folds[f].rank;
  return longest;
}

static void free_team(team *t) {
  base_free(t->tiles);
  base_free_large(t->floats);
  base_free_large(t->doubles);
}

static berg_status make_team(team *t, const train_regression *r, berg_error *error) {
  const size_t threads = (size_t)r->machine.threads, rank = longest_rank(r), floats = REGRESS_TILE * (r->rows + rank),
               doubles = REGRESS_TILE * (rank + REGRESS_ROWS);
  t->tiles = base_calloc(threads, sizeof *t->tiles, error);
  t->floats = base_alloc_large(threads * floats, sizeof(float), error);
  t->doubles = base_alloc_large(threads * doubles, sizeof(double), error);
  if (!(t->tiles && t->floats && t->doubles)) return BERG_ELIMIT;
  for (size_t i = 0; i < threads; i++) {
    t->tiles[i].responses = t->floats + i * floats;
    t->tiles[i].scaled = t->tiles[i].responses + REGRESS_TILE * r->rows;
    t->tiles[i].projected = t->doubles + i * doubles;
    t->tiles[i].product = t->tiles[i].projected + REGRESS_TILE * rank;
  }
  return BERG_OK;
}

static size_t panels_of(const regress_tile *tile) { return (tile->number + LA_PANEL - 1) / LA_PANEL; }

/* LA_STRIP targets to the same columns of a panel, less their mean. */
static void centre_strip(const train_regression *r, const float *from, size_t stride, double *mean, float *to) {
  r->machine.kernels->strip_sum(from, stride, r->rows, mean);
  for (size_t t = 0; t < LA_STRIP; t++) mean[t] /= (double)r->rows;
  r->machine.kernels->strip_centre(from, stride, r->rows, mean, to, LA_PANEL);
}

/* The same of `count` < LA_PANEL targets, with the same bits, and zeros to the panel's end. */
static void centre_few(const train_regression *r, const float *from, size_t stride, size_t count, double *mean,
                       float *to) {
  memset(to, 0, r->rows * LA_PANEL * sizeof *to);
  for (size_t t = 0; t < count; t++) mean[t] = 0;
  for (size_t i = 0; i < r->rows; i++)
    for (size_t t = 0; t < count; t++) mean[t] += from[i * stride + t];
  for (size_t t = 0; t < count; t++) mean[t] /= (double)r->rows;
  for (size_t i = 0; i < r->rows; i++)
    for (size_t t = 0; t < count; t++) to[i * LA_PANEL + t] = (float)(from[i * stride + t] - mean[t]);
}

/* `count` targets of the chunk, from `first`, less their mean. The place of one that is not finite, or `number`. */
static size_t load(const train_regression *r, const float *responses, size_t number, size_t first, size_t count,
                   regress_tile *tile) {
  size_t bad = number;
  tile->first = first, tile->number = count;
  for (size_t at = 0; at < count; at += LA_PANEL) {
    const float *from = responses + first + at;
    float *to = tile->responses + at * r->rows;
    if (count - at < LA_PANEL)
      centre_few(r, from, number, count - at, tile->mean + at, to);
    else
      for (size_t t = 0; t < LA_PANEL; t += LA_STRIP) centre_strip(r, from + t, number, tile->mean + at + t, to + t);
  }
  for (size_t t = count; t-- > 0;)
    if (!isfinite(tile->mean[t])) bad = first + t;
  return bad;
}

void regress_project(const train_regression *r, const train_factor *factor, regress_tile *tile) {
  const la_columns responses = {tile->responses, r->rows, panels_of(tile) * LA_PANEL, LA_PANEL, r->rows * LA_PANEL};
  memset(tile->projected, 0, factor->rank * REGRESS_TILE * sizeof *tile->projected);
  la_columns_multiply(r->machine.floats, r->machine.kernels, factor->left, factor->rank, la_pitch(r->rows), &responses,
                      tile->projected, REGRESS_TILE, NULL);
}

void regress_scale(const train_factor *factor, const regress_tile *tile, size_t first, size_t end, double alpha) {
  for (size_t j = 0; j < factor->rank; j++) {
    const double s = factor->singular[j], d = s / (s * s + alpha), *from = tile->projected + j * REGRESS_TILE;
    for (size_t t = first; t < end;) {
      float *to = tile->scaled + (t / LA_PANEL * factor->rank + j) * LA_PANEL;
      const size_t panel = t / LA_PANEL * LA_PANEL, stop = end < panel + LA_PANEL ? end : panel + LA_PANEL;
      for (; t < stop; t++) to[t - panel] = (float)(from[t] * d);
    }
  }
}

void regress_apply(const train_regression *r, const train_factor *factor, const float *matrix, size_t rows,
                   const regress_tile *tile) {
  const la_columns scaled = {tile->scaled, factor->rank, panels_of(tile) * LA_PANEL, LA_PANEL, factor->rank * LA_PANEL};
  memset(tile->product, 0, rows * REGRESS_TILE * sizeof *tile->product);
  la_columns_multiply(r->machine.floats, r->machine.kernels, matrix, rows, factor->pitch, &scaled, tile->product,
                      REGRESS_TILE, NULL);
}

/* Coefficients [top, top + rows) of all targets from their product, and what they shift the intercepts by. */
static void take_coefficients(const train_regression *r, const regress_tile *tile, size_t top, size_t rows,
                              float *coefficients, double *shift) {
  const size_t together = 16; /* targets whose lines of coefficients are written side by side */
  for (size_t first = 0; first < tile->number; first += together) {
    const size_t end = tile->number - first < together ? tile->number : first + together;
    for (size_t j = 0; j < rows; j++)
      for (size_t t = first; t < end; t++) {
        const float value = (float)tile->product[j * REGRESS_TILE + t];
        coefficients[(tile->first + t) * r->width + top + j] = value;
        shift[t] += r->all.mean[top + j] * value;
      }
  }
}

/* `alphas` [tile's number]. */
static void solve(const train_regression *r, regress_tile *tile, const double *alphas, float *coefficients,
                  float *intercepts) {
  const size_t last = tile->number - 1, columns = panels_of(tile) * LA_PANEL;
  double shift[REGRESS_TILE] = {0};
  regress_project(r, &r->all, tile);
  for (size_t first = 0, end; first <= last; first = end) { /* targets of one alpha */
    for (end = first + 1; end <= last && alphas[end] == alphas[first];) end++;
    regress_scale(&r->all, tile, first, end > last ? columns : end, alphas[first]);
  }
  for (size_t top = 0; top < r->width; top += REGRESS_ROWS) {
    const size_t rows = r->width - top < REGRESS_ROWS ? r->width - top : REGRESS_ROWS;
    regress_apply(r, &r->all, r->all.right + top * r->all.pitch, rows, tile);
    take_coefficients(r, tile, top, rows, coefficients, shift);
  }
  for (size_t t = 0; t < tile->number; t++) intercepts[tile->first + t] = (float)(tile->mean[t] - shift[t]);
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

/* As many whole panels as give every thread something to do. */
static size_t targets_of_tile(const chunk *c) {
  const size_t panels = (c->number + LA_PANEL - 1) / LA_PANEL, threads = (size_t)c->r->machine.threads,
               each = (panels + threads - 1) / threads * LA_PANEL;
  return each < REGRESS_TILE ? each : REGRESS_TILE;
}

/* One pass over the tiles: to score them, or to solve them. */
typedef struct tiles_pass {
  const chunk *c;
  bool scoring;
  size_t step;       /* targets of a tile */
  atomic_size_t bad; /* the first target that is not finite, or the chunk's number */
} tiles_pass;

static void pass_tile(void *user, size_t index, size_t rank) {
  tiles_pass *p = user;
  const chunk *c = p->c;
  const train_regression *r = c->r;
  regress_tile *tile = &c->team.tiles[rank];
  const size_t first = index * p->step, count = c->number - first < p->step ? c->number - first : p->step;
  const size_t found = load(r, c->responses, c->number, first, count, tile);
  base_note_least(&p->bad, found);
  if (found < c->number) return;
  if (p->scoring)
    regress_cross_validate(r, c->responses, c->number, tile, c->scores + first * r->options.alpha_count);
  else
    solve(r, tile, c->alphas + first, c->coefficients, c->intercepts);
}

static berg_status pass(const chunk *c, bool scoring, berg_error *error) {
  tiles_pass p = {c, scoring, targets_of_tile(c), c->number};
  base_share(c->r->machine.threads, (c->number + p.step - 1) / p.step, pass_tile, &p);
  const size_t bad = p.bad;
  if (bad == c->number) return BERG_OK;
  char item[48];
  base_print(item, sizeof item, "target %zu", bad);
  return base_fail_at(error, &(base_fault){BERG_ESTIMULUS, NULL, BERG_NO_OFFSET, item,
                                           "its responses cannot be regressed", "finite numbers", "NaN or infinity"});
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
