/* From scores to points: rows of the region adjusted, factored, and applied to blocks of images. */
#include "query/scores/points.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/team.h"
#include "query/scores/cross.h"
#include "query/scores/moments.h"

/* Images that a spread or centre is taken of where any near it will do. */
#define SAMPLE ((size_t)4096)
#define TOGETHER ((size_t)64)

static const char *const metrics[] = {"correlation", "cosine", "euclidean", "sqeuclidean"};
static const char *const adjustments[] = {"none", "demean", "zscore"};

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* --- Names --- */

static berg_status find_name(const char *name, const char *const *names, size_t count, const char *what,
                             const char *expected, size_t *index, berg_error *error) {
  for (*index = 0; *index < count; ++*index)
    if (!strcmp(name, names[*index])) return BERG_OK;
  return base_fail(error, BERG_EPARAMETER, "%s: expected %s, found \"%s\"", what, expected, name);
}

berg_status query_metric_named(query_metric *metric, const char *name, berg_error *error) {
  size_t index = QUERY_CORRELATION;
  berg_status status =
      name ? find_name(name, metrics, 4, "metric", "correlation, cosine, euclidean or sqeuclidean", &index, error)
           : BERG_OK;
  *metric = (query_metric)index;
  return status;
}

berg_status query_adjustment_named(query_adjustment *adjustment, const char *name, berg_error *error) {
  size_t index = QUERY_AS_THEY_ARE;
  berg_status status =
      name ? find_name(name, adjustments, 3, "adjustment", "none, demean or zscore", &index, error) : BERG_OK;
  *adjustment = (query_adjustment)index;
  return status;
}

const char *query_metric_name(query_metric metric) { return metrics[metric]; }
const char *query_adjustment_name(query_adjustment adjustment) { return adjustments[adjustment]; }

/* --- Samples --- */

/* Runs of neighbours, evenly spread over the images, so that little of a store is read: `*count` numbers in the store,
 * base_free. */
static size_t *sample_of(query_images images, size_t *count, berg_error *error) {
  *count = smaller(images.count, SAMPLE);
  const size_t runs = SAMPLE / TOGETHER, step = images.count / runs;
  size_t *sample = base_alloc(*count, sizeof *sample, error);
  for (size_t i = 0; sample && i < *count; i++) {
    const size_t at = images.count > SAMPLE ? i / TOGETHER * step + i % TOGETHER : i;
    sample[i] = images.items ? images.items[at] : at;
  }
  return sample;
}

/* Differences alone count: what is common to all images is taken out before. */
static bool is_distance(query_metric metric) { return metric == QUERY_EUCLIDEAN || metric == QUERY_SQEUCLIDEAN; }

berg_status query_scale_open(query_scale *scale, const query_subject *subject, query_images images,
                             query_adjustment adjustment, int threads, berg_error *error) {
  const size_t scores = subject->scores;
  const bool whole = adjustment != QUERY_AS_THEY_ARE, covariance = adjustment == QUERY_ZSCORED;
  size_t count = images.count, *sample = NULL;
  scale->mean = base_alloc(scores, sizeof *scale->mean, error);
  scale->spread = base_alloc(scores, sizeof *scale->spread, error);
  scale->covariance = covariance ? base_alloc(scores * scores, sizeof *scale->covariance, error) : NULL;
  berg_status status = scale->mean && scale->spread && (scale->covariance || !covariance) ? BERG_OK : BERG_ELIMIT;
  if (!status && !whole && !(sample = sample_of(images, &count, error))) status = BERG_ELIMIT;
  if (!status)
    status = query_moments(subject->store, subject->part, whole ? images.items : sample, count, threads, subject->run,
                           scale->mean, scale->spread, scale->covariance, error);
  base_free(sample);
  if (status) query_scale_close(scale);
  return status;
}

void query_scale_close(query_scale *scale) {
  base_free(scale->mean);
  base_free(scale->spread);
  base_free(scale->covariance);
  *scale = (query_scale){.mean = NULL};
}

/* --- Rows --- */

/* The standard deviation of a unit's responses over the images, from the scores' covariance. */
static double deviation(const double *row, const double *covariance, size_t scores) {
  double variance = 0;
  for (size_t i = 0; i < scores; i++) {
    double sum = 0;
    for (size_t j = 0; j < scores; j++) sum += covariance[i * scores + j] * row[j];
    variance += row[i] * sum;
  }
  return variance > 0 ? sqrt(variance) : 0;
}

typedef struct adjusting {
  double *rows;
  size_t scores;
  const query_scale *scale;
  bool zscored;
} adjusting;

/* A unit that does not vary has no z-scores: it says nothing of any image. */
static void adjust_row(void *user, size_t index, size_t rank) {
  const adjusting *a = user;
  double *row = a->rows + index * (a->scores + 1), mean = 0;
  (void)rank;
  for (size_t j = 0; j < a->scores; j++) mean += row[j] * a->scale->mean[j];
  row[a->scores] = -mean;
  if (!a->zscored) return;
  const double spread = deviation(row, a->scale->covariance, a->scores);
  for (size_t j = 0; j <= a->scores; j++) row[j] = spread > 0 ? row[j] / spread : 0;
}

static berg_status make_patterns(query_points *points, const model_list *columns, const query_scale *scale,
                                 query_adjustment adjustment, berg_error *error) {
  const query_subject *subject = points->subject;
  const size_t scores = subject->scores;
  double *rows = base_alloc(columns->count, (scores + 1) * sizeof *rows, error);
  if (!rows) return BERG_ELIMIT;
  berg_status status = query_subject_rows(subject, columns, rows, error);
  adjusting a = {.rows = rows, .scores = scores, .scale = scale, .zscored = adjustment == QUERY_ZSCORED};
  if (!status && (adjustment != QUERY_AS_THEY_ARE || is_distance(points->metric)))
    base_share(points->threads, columns->count, adjust_row, &a);
  if (!status)
    status = query_patterns_make(&points->patterns, rows, columns->count, scores, scale->spread,
                                 points->metric == QUERY_CORRELATION ? QUERY_CENTRED : QUERY_UNCENTRED, points->threads,
                                 error);
  base_free(rows);
  return status;
}

/* --- Points --- */

typedef struct shaping {
  query_points *points;
  double *x;
  size_t count;
} shaping;

static void shape_some(void *user, size_t index, size_t rank) {
  const shaping *s = user;
  query_points *points = s->points;
  const size_t first = index * TOGETHER, count = smaller(s->count - first, TOGETHER), width = points->width;
  double *x = s->x + first * width;
  (void)rank;
  if (!is_distance(points->metric)) query_patterns_normalise(points->patterns, count, x);
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < width; j++) x[i * width + j] -= points->centre[j];
}

static berg_status take(query_points *points, const size_t *images, size_t first, size_t count, double *x,
                        berg_error *error) {
  const query_subject *subject = points->subject;
  const float *scores;
  berg_status status = base_ask_cancel(subject->run, error);
  if (status) return status;
  shaping s = {.points = points, .x = x, .count = count};
  base_team *team = base_team_begin(points->threads);
  status = query_scores(subject->store, subject->part, images, first, count, team, points->gathered, &scores, error);
  if (!status) {
    query_patterns_of(points->patterns, scores, subject->scores, count, x);
    base_team_share(team, (count + TOGETHER - 1) / TOGETHER, shape_some, &s);
  }
  base_team_end(team);
  return status;
}

berg_status query_points_block(query_points *points, size_t first, size_t count, double *x, berg_error *error) {
  return take(points, points->images.items, first, count, x, error);
}

static berg_status find_centre(query_points *points, berg_error *error) {
  const size_t width = points->width;
  size_t count, there = 0, *sample = sample_of(points->images, &count, error);
  double *x = base_alloc(QUERY_BLOCK * width, sizeof *x, error), *sum = base_calloc(width, sizeof *sum, error);
  berg_status status = sample && x && sum ? BERG_OK : BERG_ELIMIT;
  for (size_t first = 0; first < count && !status; first += QUERY_BLOCK) {
    const size_t block = smaller(count - first, QUERY_BLOCK);
    status = take(points, sample, first, block, x, error);
    for (size_t i = 0; i < block && !status; i++) {
      if (isnan(x[i * width])) continue;
      there++;
      for (size_t j = 0; j < width; j++) sum[j] += x[i * width + j];
    }
  }
  for (size_t j = 0; j < width && there && !status; j++) points->centre[j] = sum[j] / (double)there;
  base_free(sample);
  base_free(x);
  base_free(sum);
  return status;
}

berg_status query_points_open(query_points *points, const query_subject *subject, const model_list *columns,
                              query_images images, const query_scale *scale, query_metric metric,
                              query_adjustment adjustment, int threads, berg_error *error) {
  *points = (query_points){.subject = subject, .images = images, .metric = metric, .threads = threads};
  berg_status status = make_patterns(points, columns, scale, adjustment, error);
  if (!status) {
    points->width = query_patterns_width(points->patterns);
    points->centre = base_calloc(points->width, sizeof *points->centre, error);
    points->gathered = base_alloc(QUERY_BLOCK * subject->scores, sizeof *points->gathered, error);
    status = points->centre && points->gathered ? find_centre(points, error) : BERG_ELIMIT;
  }
  if (status) query_points_close(points);
  return status;
}

void query_points_close(query_points *points) {
  query_patterns_free(points->patterns);
  base_free(points->centre);
  base_free(points->gathered);
  points->patterns = NULL;
  points->centre = NULL;
  points->gathered = NULL;
}
