/* A side's points in memory, for resampling, and what resampled values come to. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "query/scores/cross.h"
#include "query/similarity/rsa.h"

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Twice: what is left of the mean after the first time is rounding. */
static berg_status centre(query_cloud *cloud, berg_error *error) {
  double *mean = base_alloc(cloud->width, sizeof *mean, error);
  for (int turn = 0; mean && turn < 2; turn++) {
    memset(mean, 0, cloud->width * sizeof *mean);
    for (size_t i = 0; i < cloud->count; i++)
      for (size_t j = 0; j < cloud->width; j++) mean[j] += cloud->x[i * cloud->width + j];
    for (size_t j = 0; j < cloud->width; j++) mean[j] /= (double)cloud->count;
    for (size_t i = 0; i < cloud->count; i++)
      for (size_t j = 0; j < cloud->width; j++) cloud->x[i * cloud->width + j] -= mean[j];
  }
  base_free(mean);
  return mean ? BERG_OK : BERG_ELIMIT;
}

static berg_status fill(query_cloud *cloud, query_points *points, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t first = 0; first < cloud->count && !status; first += QUERY_BLOCK)
    status = query_points_block(points, first, smaller(cloud->count - first, QUERY_BLOCK),
                                cloud->x + first * cloud->width, error);
  if (!status) status = centre(cloud, error);
  for (size_t i = 0; i < cloud->count && !status; i++) {
    cloud->squares[i] = 0;
    for (size_t j = 0; j < cloud->width; j++)
      cloud->squares[i] += cloud->x[i * cloud->width + j] * cloud->x[i * cloud->width + j];
  }
  return status;
}

berg_status query_cloud_open(query_cloud *cloud, const query_rsa *rsa, const query_side *side, berg_error *error) {
  const query_images kept = {.items = rsa->kept, .count = rsa->kept_count};
  query_points points;
  size_t doubles;
  *cloud = (query_cloud){.count = kept.count};
  berg_status status = query_side_points(&points, rsa, side, kept, error);
  if (status) return status;
  cloud->width = points.width;
  cloud->x =
      base_multiply(cloud->count, cloud->width, &doubles) ? base_alloc_large(doubles, sizeof(double), error) : NULL;
  cloud->squares = base_alloc(cloud->count, sizeof *cloud->squares, error);
  status = cloud->x && cloud->squares ? fill(cloud, &points, error) : BERG_ELIMIT;
  query_points_close(&points);
  if (status) query_cloud_close(cloud);
  return status;
}

void query_cloud_close(query_cloud *cloud) {
  base_free_large(cloud->x);
  base_free(cloud->squares);
  *cloud = (query_cloud){.count = 0};
}

berg_status query_cloud_cross(const query_rsa *rsa, const query_cloud *a, const query_cloud *b, double *cross,
                              berg_error *error) {
  query_packed x = {.width = 0}, y = {.width = 0};
  const bool same = a == b;
  memset(cross, 0, a->width * b->width * sizeof *cross);
  berg_status status = query_packed_new(&x, a->width, error);
  if (!status && !same) status = query_packed_new(&y, b->width, error);
  base_team *team = base_team_begin(rsa->threads);
  for (size_t first = 0; first < a->count && !status; first += QUERY_BLOCK) {
    const size_t count = smaller(a->count - first, QUERY_BLOCK);
    if ((status = base_ask_cancel(rsa->run, error))) break;
    query_pack(&x, a->x + first * a->width, count, team);
    if (!same) query_pack(&y, b->x + first * b->width, count, team);
    query_cross_add(&x, same ? &x : &y, cross, team);
  }
  base_team_end(team);
  if (same) query_mirror(cross, a->width);
  query_packed_release(&x);
  query_packed_release(&y);
  return status;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Between two values as NumPy's percentile has it. */
static double percentile(const double *sorted, size_t count, double share) {
  const double at = share * (double)(count - 1);
  const size_t below = (size_t)at, above = below + 1 < count ? below + 1 : below;
  return sorted[below] + (at - (double)below) * (sorted[above] - sorted[below]);
}

void query_resampled_summarise(double *values, size_t count, query_resampled *found) {
  double sum = 0, squares = 0;
  size_t there = 0;
  for (size_t k = 0; k < count; k++) /* samples without variance have no value */
    if (!isnan(values[k])) sum += values[there++] = values[k];
  found->mean = sum / (double)there;
  for (size_t k = 0; k < there; k++) squares += (values[k] - found->mean) * (values[k] - found->mean);
  const double widened = found->left_out < 1 ? 1 / sqrt(1 - found->left_out) : 1;
  found->spread = there > 1 ? widened * sqrt(squares / (double)(there - 1)) : (double)NAN;
  for (size_t k = 0; k < there; k++) values[k] = found->mean + widened * (values[k] - found->mean);
  qsort(values, there, sizeof *values, ascending);
  found->low = there ? percentile(values, there, 0.025) : (double)NAN;
  found->high = there ? percentile(values, there, 0.975) : (double)NAN;
}
