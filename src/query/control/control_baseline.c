/* The baseline: of many random sets of images the one whose mean response is nearest to the mean of all of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "query/control/control.h"

/* Random sets that one thread takes at a time; their sums are added in order. */
#define PIECE ((size_t)64)

typedef struct nearest {
  double away;
  size_t draw;
} nearest;

typedef struct drawing {
  const query_univariate *found;
  const query_control *control;
  size_t draws, size, targets; /* targets: a fold and region each */
  double *sums;                /* [pieces][targets] */
  const double *mean;          /* [targets] */
  nearest *best;               /* [threads][targets] */
  uint32_t *images;            /* [threads][size] */
  double *responses;           /* [threads]: of subjects and regions, then of targets */
  base_asking asking;
} drawing;

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static void draw_set(const drawing *d, size_t draw, uint32_t *images) {
  base_dice dice = query_dice(d->control->options->seed, QUERY_STREAM_DRAWS, 0, draw);
  query_draw_images(&dice, d->control->cast->images, 0, d->size, images);
}

/* Means of the images' responses: of each subject and region, then of each fold's training subjects. */
static const double *respond(const drawing *d, const uint32_t *images, double *work) {
  const query_means *m = &d->found->means;
  const size_t each = m->subjects * m->regions;
  double *targets = work + each;
  memset(work, 0, each * sizeof *work);
  for (size_t i = 0; i < d->size; i++) {
    const double *u = m->u + images[i] * each;
    for (size_t k = 0; k < each; k++) work[k] += u[k];
  }
  for (size_t f = 0; f < d->control->folds; f++)
    for (size_t r = 0; r < m->regions; r++) {
      double sum = 0;
      for (size_t s = 0; s < m->subjects; s++) sum += s == query_left_out(f) ? 0 : work[s * m->regions + r];
      targets[f * m->regions + r] = sum / (double)(query_training(d->control, f) * d->size);
    }
  return targets;
}

static void sum_some(void *user, size_t index, size_t rank) {
  drawing *d = user;
  const size_t room = d->found->means.subjects * d->found->means.regions + d->targets;
  uint32_t *images = d->images + rank * d->size;
  if (base_asking_ended(&d->asking, rank)) return;
  double *sums = d->sums + index * d->targets;
  memset(sums, 0, d->targets * sizeof *sums);
  for (size_t draw = index * PIECE; draw < smaller((index + 1) * PIECE, d->draws); draw++) {
    draw_set(d, draw, images);
    const double *means = respond(d, images, d->responses + rank * room);
    for (size_t t = 0; t < d->targets; t++) sums[t] += means[t];
  }
}

/* The nearer one, of equals the earlier: whichever thread found it. */
static void take_nearer(nearest *best, double away, size_t draw) {
  if (away < best->away || (away == best->away && draw < best->draw)) *best = (nearest){away, draw};
}

static void find_some(void *user, size_t index, size_t rank) {
  drawing *d = user;
  const size_t room = d->found->means.subjects * d->found->means.regions + d->targets;
  uint32_t *images = d->images + rank * d->size;
  if (base_asking_ended(&d->asking, rank)) return;
  for (size_t draw = index * PIECE; draw < smaller((index + 1) * PIECE, d->draws); draw++) {
    draw_set(d, draw, images);
    const double *means = respond(d, images, d->responses + rank * room);
    for (size_t t = 0; t < d->targets; t++)
      take_nearer(&d->best[rank * d->targets + t], fabs(means[t] - d->mean[t]), draw);
  }
}

static int by_number(const void *a, const void *b) {
  const uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
  return one < other ? -1 : one > other;
}

/* The set of a target: its images in order, what it does to the training subjects and to the one left out. */
static void keep(query_univariate *found, const drawing *d, size_t target, const nearest *best) {
  const query_means *m = &found->means;
  const size_t region = target % m->regions, left_out = query_left_out(target / m->regions);
  uint32_t *shown = found->baseline_shown + target * d->size;
  draw_set(d, best->draw, shown);
  found->baseline[target] =
      d->control->options->grand_mean ? found->grand[target] : respond(d, shown, d->responses)[target];
  double sum = 0;
  for (size_t i = 0; i < d->size && left_out != SIZE_MAX; i++) sum += query_mean_at(m, shown[i], left_out, region);
  found->baseline_tested[target] = left_out == SIZE_MAX ? NAN : sum / (double)d->size;
  qsort(shown, d->size, sizeof *shown, by_number);
}

static void settle(query_univariate *found, const drawing *d) {
  const size_t threads = base_team_size(d->control->team);
  for (size_t t = 0; t < d->targets; t++) {
    nearest best = d->best[t];
    for (size_t k = 1; k < threads; k++) {
      const nearest *other = &d->best[k * d->targets + t];
      take_nearer(&best, other->away, other->draw);
    }
    keep(found, d, t, &best);
  }
}

static void draw(query_univariate *found, drawing *d, double *mean) {
  const size_t pieces = (d->draws + PIECE - 1) / PIECE;
  base_team_share(d->control->team, pieces, sum_some, d);
  if (d->asking.status) return; /* the sums are not there */
  for (size_t t = 0; t < d->targets; t++) {
    mean[t] = 0;
    for (size_t p = 0; p < pieces; p++) mean[t] += d->sums[p * d->targets + t];
    mean[t] /= (double)d->draws;
  }
  for (size_t i = 0; i < base_team_size(d->control->team) * d->targets; i++) d->best[i] = (nearest){INFINITY, SIZE_MAX};
  base_team_share(d->control->team, pieces, find_some, d);
  if (d->asking.status) return;
  settle(found, d);
}

berg_status query_baselines(query_univariate *found, const query_control *control, berg_error *error) {
  const query_means *m = &found->means;
  const size_t threads = base_team_size(control->team);
  drawing d = {.found = found,
               .control = control,
               .draws = control->options->draws,
               .size = control->options->images,
               .targets = control->folds * m->regions,
               .asking = {.run = control->run, .error = error}};
  double *mean = base_alloc(d.targets, sizeof *mean, error);
  d.mean = mean;
  d.sums = base_alloc((d.draws + PIECE - 1) / PIECE * d.targets, sizeof *d.sums, error);
  d.best = base_alloc(threads * d.targets, sizeof *d.best, error);
  d.images = base_alloc(threads * d.size, sizeof *d.images, error);
  d.responses = base_alloc(threads * (m->subjects * m->regions + d.targets), sizeof *d.responses, error);
  const bool whole = mean && d.sums && d.best && d.images && d.responses;
  if (whole) draw(found, &d, mean);
  base_free(mean);
  base_free(d.sums);
  base_free(d.best);
  base_free(d.images);
  base_free(d.responses);
  return whole ? (berg_status)d.asking.status : BERG_ELIMIT;
}
