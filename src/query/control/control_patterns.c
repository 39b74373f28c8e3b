/* Unit vectors of a pair of regions' patterns, and the exact score of a set. */
#include "query/control/control_patterns.h"

#include <math.h>
#include <string.h>

#include "base/machine.h"
#include "base/memory.h"
#include "base/progress.h"
#include "query/scores/moments.h"

/* Images whose vectors are made at a time. */
#define TOGETHER ((size_t)1024)
/* Correlations over two units are 1 or -1. */
#define UNITS_LEAST 3

/* --- One region of one subject --- */

static berg_status open_patterns(query_pattern_set *set, const query_control *control, size_t region, size_t s,
                                 berg_error *error) {
  const query_subject *subject = &control->cast->subjects[s];
  const query_area *area = query_cast_area(control->cast, region, s);
  const size_t width = subject->scores + 1;
  if (area->columns.count < UNITS_LEAST)
    return base_fail(error, BERG_EPARAMETER, "%s: %zu units of %s are too few for a pattern: expected at least %d",
                     subject->label, area->columns.count, control->cast->regions[region], UNITS_LEAST);
  double *rows = base_alloc(area->columns.count * width, sizeof *rows, error);
  double *spread = base_alloc(2 * subject->scores, sizeof *spread, error);
  berg_status status = rows && spread ? BERG_OK : BERG_ELIMIT;
  if (!status) status = query_subject_rows(subject, &area->columns, rows, error);
  if (!status)
    status = query_moments(control->cast->store, subject->part, NULL, control->cast->images, control->threads,
                           control->run, spread + subject->scores, spread, NULL, error);
  if (!status)
    status =
        query_patterns_new(&set->patterns, rows, area->columns.count, subject->scores, spread, control->threads, error);
  base_free(rows);
  base_free(spread);
  return status;
}

/* What is subtracted from all vectors of a region: the mean of the first ones. Any vector common to all would do. */
static void find_centre(const double *x, size_t count, size_t width, double *centre) {
  memset(centre, 0, width * sizeof *centre);
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < width; j++) centre[j] += x[i * width + j] / (double)count;
}

static void store_vectors(query_pattern_set *set, const double *x, size_t first, size_t count, const double *centre) {
  const size_t width = query_patterns_width(set->patterns);
  for (size_t i = 0; i < count; i++) {
    float *to = set->x + (first + i) * set->ld;
    double square = 0;
    for (size_t j = 0; j < width; j++) {
      to[j] = (float)(x[i * width + j] - centre[j]);
      square += (double)to[j] * (double)to[j];
    }
    memset(to + width, 0, (set->ld - width) * sizeof *to);
    set->half[first + i] = (float)(square / 2);
  }
}

static berg_status lacks_pattern(const query_control *control, size_t region, size_t s, const double *x, size_t first,
                                 size_t count, size_t width, berg_error *error) {
  size_t i = 0;
  while (i + 1 < count && !isnan(x[i * width])) i++;
  return base_fail(error, BERG_EPARAMETER, "%s: image %zu has no pattern in %s: its units respond alike",
                   control->cast->subjects[s].label, first + i, control->cast->regions[region]);
}

static berg_status fill(query_pattern_set *set, const query_control *control, size_t region, size_t s, double *x,
                        double *centre, berg_error *error) {
  const query_cast *cast = control->cast;
  const query_subject *subject = &cast->subjects[s];
  const size_t width = query_patterns_width(set->patterns);
  berg_status status = BERG_OK;
  for (size_t first = 0; first < cast->images && !status; first += TOGETHER) {
    const size_t count = cast->images - first < TOGETHER ? cast->images - first : TOGETHER;
    const float *rows;
    status = base_ask_cancel(control->run, error);
    if (!status) status = model_store_rows(cast->store, subject->part, first, count, control->team, &rows, error);
    if (status) return status;
    query_patterns_of(set->patterns, rows, subject->scores, count, x);
    if (query_patterns_normalise(set->patterns, count, x))
      return lacks_pattern(control, region, s, x, first, count, width, error);
    if (!first) find_centre(x, count, width, centre);
    store_vectors(set, x, first, count, centre);
  }
  return status;
}

static berg_status make_set(query_pattern_set *set, const query_control *control, size_t region, size_t s,
                            berg_error *error) {
  berg_status status = open_patterns(set, control, region, s, error);
  if (status) return status;
  const size_t width = query_patterns_width(set->patterns), images = control->cast->images;
  set->ld = (width + 15) / 16 * 16;
  set->x = base_alloc_large(images * set->ld, sizeof *set->x, error);
  set->half = base_alloc(images, sizeof *set->half, error);
  double *x = base_alloc(TOGETHER * width, sizeof *x, error), *centre = base_alloc(width, sizeof *centre, error);
  const bool whole = set->x && set->half && x && centre;
  status = whole ? fill(set, control, region, s, x, centre, error) : BERG_ELIMIT;
  base_free(x);
  base_free(centre);
  return status;
}

/* --- A pair of regions --- */

berg_status query_pair_patterns_make(query_pair_patterns *patterns, const query_control *control, size_t pair,
                                     berg_error *error) {
  const size_t subjects = control->cast->subject_count;
  berg_status status = BERG_OK;
  *patterns = (query_pair_patterns){.control = control};
  for (size_t side = 0; side < 2 && !status; side++) {
    patterns->of[side] = base_calloc(subjects, sizeof *patterns->of[side], error);
    if (!patterns->of[side]) status = BERG_ELIMIT;
    for (size_t s = 0; s < subjects && !status; s++)
      status = make_set(&patterns->of[side][s], control, control->pairs[pair].regions[side], s, error);
  }
  if (status) query_pair_patterns_free(patterns);
  return status;
}

void query_pair_patterns_free(query_pair_patterns *patterns) {
  for (size_t side = 0; side < 2; side++) {
    for (size_t s = 0; patterns->of[side] && s < patterns->control->cast->subject_count; s++) {
      query_patterns_free(patterns->of[side][s].patterns);
      base_free_large(patterns->of[side][s].x);
      base_free(patterns->of[side][s].half);
    }
    base_free(patterns->of[side]);
  }
  *patterns = (query_pair_patterns){.control = NULL};
}

query_space query_space_of(const query_pair_patterns *patterns, size_t subject) {
  const query_pattern_set *a = &patterns->of[0][subject], *b = &patterns->of[1][subject];
  return (query_space){.of = {{a->x, a->half, a->ld}, {b->x, b->half, b->ld}},
                       .images = patterns->control->cast->images,
                       .kernels = la_kernels_for(base_machine_isa())};
}

/* The vectors of several subjects, one after the other in each row. */
static void join_side(const query_pattern_set *sets, size_t subjects, size_t left_out, size_t images, size_t ld,
                      float *x, float *half) {
  for (size_t i = 0; i < images; i++) {
    float *to = x + i * ld;
    double sum = 0;
    for (size_t s = 0; s < subjects; s++) {
      if (s == left_out) continue;
      memcpy(to, sets[s].x + i * sets[s].ld, sets[s].ld * sizeof *to);
      to += sets[s].ld;
      sum += (double)sets[s].half[i];
    }
    half[i] = (float)sum;
  }
}

berg_status query_space_join(query_space *space, const query_pair_patterns *patterns, size_t left_out,
                             berg_error *error) {
  const size_t images = patterns->control->cast->images, subjects = patterns->control->cast->subject_count;
  *space = query_space_of(patterns, 0);
  space->of[0] = space->of[1] = (query_vectors){.x = NULL};
  for (size_t side = 0; side < 2; side++) {
    size_t ld = 0;
    for (size_t s = 0; s < subjects; s++) ld += s == left_out ? 0 : patterns->of[side][s].ld;
    float *x = base_alloc_large(images * ld, sizeof *x, error), *half = base_alloc(images, sizeof *half, error);
    space->of[side] = (query_vectors){x, half, ld};
    if (!x || !half) {
      query_space_release(space);
      return BERG_ELIMIT;
    }
    join_side(patterns->of[side], subjects, left_out, images, ld, x, half);
  }
  return BERG_OK;
}

void query_space_release(query_space *space) {
  for (size_t side = 0; side < 2; side++) {
    base_free_large((void *)(uintptr_t)space->of[side].x);
    base_free((void *)(uintptr_t)space->of[side].half);
    space->of[side] = (query_vectors){.x = NULL};
  }
}

/* --- In double --- */

static double pearson(const double *a, const double *b, size_t n) {
  double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < n; i++) {
    ma += a[i] / (double)n;
    mb += b[i] / (double)n;
  }
  for (size_t i = 0; i < n; i++) {
    aa += (a[i] - ma) * (a[i] - ma);
    bb += (b[i] - mb) * (b[i] - mb);
    ab += (a[i] - ma) * (b[i] - mb);
  }
  const double r = ab / sqrt(aa * bb);
  return isnan(r) ? r : fmax(-1, fmin(1, r));
}

/* Adds half the squared distances of all pairs. */
static void add_distances(const double *x, size_t count, size_t width, double *d) {
  for (size_t i = 1; i < count; i++)
    for (size_t j = 0; j < i; j++, d++) {
      double square = 0;
      for (size_t k = 0; k < width; k++) {
        const double apart = x[i * width + k] - x[j * width + k];
        square += apart * apart;
      }
      *d += square / 2;
    }
}

typedef struct exact {
  const size_t *images;
  size_t count;
  float *rows;
  double *x, *d;
} exact;

static berg_status add_subject(const exact *e, const query_pair_patterns *patterns, size_t side, size_t s,
                               berg_error *error) {
  const query_cast *cast = patterns->control->cast;
  const query_subject *subject = &cast->subjects[s];
  const query_patterns *of = patterns->of[side][s].patterns;
  const float *rows;
  berg_status status =
      query_scores(cast->store, subject->part, e->images, 0, e->count, patterns->control->team, e->rows, &rows, error);
  if (status) return status;
  query_patterns_of(of, rows, subject->scores, e->count, e->x);
  query_patterns_normalise(of, e->count, e->x);
  add_distances(e->x, e->count, query_patterns_width(of), e->d + side * query_sets_pairs(e->count));
  return BERG_OK;
}

berg_status query_exact_score(const query_pair_patterns *patterns, const uint32_t *images, size_t count, size_t subject,
                              bool only, double *r, berg_error *error) {
  const query_cast *cast = patterns->control->cast;
  const size_t pairs = query_sets_pairs(count);
  size_t scores = 0;
  for (size_t s = 0; s < cast->subject_count; s++)
    if (cast->subjects[s].scores > scores) scores = cast->subjects[s].scores;
  size_t *wide = base_alloc(count, sizeof *wide, error);
  exact e = {.images = wide,
             .count = count,
             .rows = base_alloc(count * scores, sizeof *e.rows, error),
             .x = base_alloc(count * (scores + 1), sizeof *e.x, error),
             .d = base_calloc(2 * pairs, sizeof *e.d, error)};
  berg_status status = wide && e.rows && e.x && e.d ? BERG_OK : BERG_ELIMIT;
  for (size_t i = 0; i < count && !status; i++) wide[i] = images[i];
  for (size_t side = 0; side < 2; side++)
    for (size_t s = 0; s < cast->subject_count && !status; s++)
      if ((s == subject) == only) status = add_subject(&e, patterns, side, s, error);
  if (!status) *r = pearson(e.d, e.d + pairs, pairs);
  base_free(wide);
  base_free(e.rows);
  base_free(e.x);
  base_free(e.d);
  return status;
}
