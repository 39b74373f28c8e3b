/* Multivariate control: sets of images that align or separate two regions' similarities, and how the subject left out
 * takes them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "query/control/control.h"
#include "query/control/control_patterns.h"
#include "la/false_discovery.h"

/* Random sets that one thread takes at a time. */
#define PIECE ((size_t)32)

/* A fold of a pair. */
typedef struct work {
  const query_control *control;
  query_pair_patterns patterns;
  query_multivariate_fold *fold;
  query_space training, tested; /* `tested` where a subject is left out */
  size_t left_out, done;
  double *null; /* [2 * permutations] r of random sets in the subject left out */
} work;

/* --- Random sets --- */

typedef struct scoring {
  const query_space *space;
  const query_control *control;
  size_t first, count; /* of the draws */
  uint32_t *images;    /* [threads][size] */
  float *triangles;    /* [threads][2 triangles] */
  double *scores;
  base_asking asking;
} scoring;

static void draw_set(const query_control *control, size_t draw, uint32_t *images) {
  base_dice dice = query_dice(control->options->seed, QUERY_STREAM_DRAWS, 1, draw);
  query_draw_images(&dice, control->cast->images, 0, control->options->images, images);
}

static void score_some(void *user, size_t index, size_t rank) {
  scoring *s = user;
  const size_t size = s->control->options->images;
  if (base_asking_ended(&s->asking, rank)) return;
  uint32_t *images = s->images + rank * size;
  for (size_t i = index * PIECE; i < (index + 1) * PIECE && i < s->count; i++) {
    draw_set(s->control, s->first + i, images);
    s->scores[i] = query_sets_score(s->space, images, size, s->triangles + rank * 2 * query_sets_pairs(size));
  }
}

/* r of draws [first, first + count). */
static berg_status score_draws(const query_control *control, const query_space *space, size_t first, size_t count,
                               double *scores, berg_error *error) {
  const size_t threads = base_team_size(control->team), size = control->options->images;
  scoring s = {.space = space,
               .control = control,
               .first = first,
               .count = count,
               .scores = scores,
               .asking = {.run = control->run, .error = error}};
  s.images = base_alloc(threads * size, sizeof *s.images, error);
  s.triangles = base_alloc(threads * 2 * query_sets_pairs(size), sizeof *s.triangles, error);
  const bool whole = s.images && s.triangles;
  if (whole) base_team_share(control->team, (count + PIECE - 1) / PIECE, score_some, &s);
  base_free(s.images);
  base_free(s.triangles);
  return whole ? (berg_status)s.asking.status : BERG_ELIMIT;
}

/* The draw whose score is nearest to the mean of all. */
static size_t find_typical(const double *scores, size_t count) {
  size_t nearest = 0;
  double mean = 0;
  for (size_t i = 0; i < count; i++) mean += scores[i] / (double)count;
  for (size_t i = 1; i < count; i++)
    if (fabs(scores[i] - mean) < fabs(scores[nearest] - mean)) nearest = i;
  return nearest;
}

static int by_number(const void *a, const void *b) {
  const uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
  return one < other ? -1 : one > other;
}

/* A set in order, and its r in double: of the training subjects, and of the one left out. */
static berg_status settle_set(const work *w, uint32_t *images, double *score, double *test, berg_error *error) {
  const size_t size = w->control->options->images;
  qsort(images, size, sizeof *images, by_number);
  *test = NAN;
  berg_status status = query_exact_score(&w->patterns, images, size, w->left_out, false, score, error);
  if (!status && w->left_out != SIZE_MAX)
    status = query_exact_score(&w->patterns, images, size, w->left_out, true, test, error);
  return status;
}

static berg_status find_baseline(work *w, berg_error *error) {
  const size_t draws = w->control->options->draws, nulls = 2 * w->control->options->permutations;
  double *scores = base_alloc(draws, sizeof *scores, error);
  berg_status status = scores ? BERG_OK : BERG_ELIMIT;
  if (!status) status = score_draws(w->control, &w->training, 0, draws, scores, error);
  if (!status) {
    draw_set(w->control, find_typical(scores, draws), w->fold->baseline);
    status = settle_set(w, w->fold->baseline, &w->fold->baseline_score, &w->fold->baseline_test, error);
  }
  if (!status && w->left_out != SIZE_MAX) status = score_draws(w->control, &w->tested, draws, nulls, w->null, error);
  base_free(scores);
  return status;
}

/* --- The search --- */

static berg_status tick(void *user, size_t generation, berg_error *error) {
  work *w = user;
  const query_control *c = w->control;
  const size_t total = c->pair_count * c->folds * QUERY_GOALS * c->options->generations;
  (void)generation;
  return base_progress(c->run, ++w->done, total, c->start, "generations", error);
}

/* The best sets' r in the subject left out. */
static berg_status test_curve(const work *w, query_multivariate_goal *goal, berg_error *error) {
  const size_t size = w->control->options->images;
  float *triangles = base_alloc(2 * query_sets_pairs(size), sizeof *triangles, error);
  if (!triangles) return BERG_ELIMIT;
  for (size_t g = 0; g < w->control->options->generations; g++) {
    const uint32_t *set = goal->sets + g * size;
    const bool same = g && !memcmp(set, set - size, size * sizeof *set);
    goal->tested[g] = same ? goal->tested[g - 1] : query_sets_score(&w->tested, set, size, triangles);
  }
  base_free(triangles);
  return BERG_OK;
}

/* Null: differences of two random sets. */
static double find_p(const work *w, query_goal which, const query_multivariate_goal *goal) {
  const double observed = goal->test - w->fold->baseline_test;
  const size_t permutations = w->control->options->permutations;
  size_t beyond = 1;
  for (size_t i = 0; i < permutations; i++) {
    const double null = w->null[2 * i] - w->null[2 * i + 1];
    beyond += which == QUERY_ALIGN ? null > observed : null < observed;
  }
  return (double)beyond / (double)(permutations + 1);
}

static berg_status run_goal(work *w, query_goal which, berg_error *error) {
  const berg_control_options *options = w->control->options;
  query_multivariate_goal *goal = &w->fold->goals[which];
  const query_search_asked asked = {&w->training,         which,         options->images,
                                    options->generations, options->seed, w->control->team};
  goal->p = goal->q = NAN;
  berg_status status = query_search(&asked, goal->sets, goal->scores, tick, w, error);
  if (!status && w->left_out != SIZE_MAX) status = test_curve(w, goal, error);
  if (!status)
    status = settle_set(w, goal->sets + (options->generations - 1) * options->images, &goal->score, &goal->test, error);
  if (!status && w->left_out != SIZE_MAX) goal->p = find_p(w, which, goal);
  return status;
}

static berg_status run_goals(work *w, berg_error *error) {
  query_multivariate_goal *goals = w->fold->goals;
  berg_status status = find_baseline(w, error);
  for (query_goal g = 0; g < QUERY_GOALS && !status; g++) status = run_goal(w, g, error);
  if (status || w->left_out == SIZE_MAX) return status;
  double p[QUERY_GOALS], q[QUERY_GOALS];
  for (size_t g = 0; g < QUERY_GOALS; g++) p[g] = goals[g].p;
  status = la_false_discovery(p, QUERY_GOALS, false, q, NULL, error);
  for (size_t g = 0; g < QUERY_GOALS && !status; g++) goals[g].q = q[g];
  return status;
}

/* --- Folds and pairs --- */

static berg_status allocate_fold(query_multivariate_fold *fold, const query_control *control, berg_error *error) {
  const size_t size = control->options->images, generations = control->options->generations;
  fold->baseline = base_alloc(size, sizeof *fold->baseline, error);
  bool whole = fold->baseline != NULL;
  for (size_t g = 0; g < QUERY_GOALS; g++) {
    query_multivariate_goal *goal = &fold->goals[g];
    goal->sets = base_alloc(generations * size, sizeof *goal->sets, error);
    goal->scores = base_alloc(generations, sizeof *goal->scores, error);
    goal->tested = base_alloc(generations, sizeof *goal->tested, error);
    whole = whole && goal->sets && goal->scores && goal->tested;
  }
  return whole ? BERG_OK : BERG_ELIMIT;
}

static berg_status run_fold(work *w, size_t fold, berg_error *error) {
  w->left_out = query_left_out(fold);
  if (w->left_out != SIZE_MAX) w->tested = query_space_of(&w->patterns, w->left_out);
  berg_status status = allocate_fold(w->fold, w->control, error);
  if (!status) status = query_space_join(&w->training, &w->patterns, w->left_out, error);
  if (status) return status;
  status = run_goals(w, error);
  query_space_release(&w->training);
  return status;
}

static berg_status run_pair(work *w, query_multivariate *found, size_t pair, berg_error *error) {
  berg_status status = query_pair_patterns_make(&w->patterns, w->control, pair, error);
  if (status) return status;
  for (size_t f = 0; f < w->control->folds && !status; f++) {
    w->fold = &found->folds[pair * w->control->folds + f];
    status = run_fold(w, f, error);
  }
  query_pair_patterns_free(&w->patterns);
  return status;
}

static berg_status check_images(const query_control *control, berg_error *error) {
  const size_t least = query_search_least(control->options->images);
  if (control->cast->images >= least) return BERG_OK;
  return base_fail(error, BERG_EPARAMETER, "%s holds %zu images: a search for sets of %zu needs at least %zu",
                   control->cast->store->path, control->cast->images, control->options->images, least);
}

berg_status query_multivariate_run(query_multivariate *found, const query_control *control, berg_error *error) {
  work w = {.control = control};
  *found = (query_multivariate){.count = control->pair_count * control->folds};
  berg_status status = check_images(control, error);
  if (status) return status;
  found->folds = base_calloc(found->count, sizeof *found->folds, error);
  w.null = base_alloc(2 * control->options->permutations, sizeof *w.null, error);
  status = found->folds && w.null ? BERG_OK : BERG_ELIMIT;
  for (size_t pair = 0; pair < control->pair_count && !status; pair++) status = run_pair(&w, found, pair, error);
  base_free(w.null);
  if (status) query_multivariate_release(found);
  return status;
}

void query_multivariate_release(query_multivariate *found) {
  for (size_t i = 0; found->folds && i < found->count; i++) {
    base_free(found->folds[i].baseline);
    for (size_t g = 0; g < QUERY_GOALS; g++) {
      base_free(found->folds[i].goals[g].sets);
      base_free(found->folds[i].goals[g].scores);
      base_free(found->folds[i].goals[g].tested);
    }
  }
  base_free(found->folds);
  *found = (query_multivariate){.folds = NULL};
}
