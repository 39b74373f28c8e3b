/* The images of a store as points: the squared distance of two is what a region's patterns of them differ by. */
#ifndef QUERY_POINTS_H
#define QUERY_POINTS_H

#include "query/scores/patterns.h"
#include "query/subject/images.h"
#include "query/subject/subject.h"

/* How two patterns are compared. Points are patterns of length one, less their mean over the units (correlation) or
 * not (cosine): half the squared distance is 1 - r. Or patterns as they are. */
typedef enum query_metric { QUERY_CORRELATION, QUERY_COSINE, QUERY_EUCLIDEAN, QUERY_SQEUCLIDEAN } query_metric;
/* What is done to the responses of each unit over the images first. */
typedef enum query_adjustment { QUERY_AS_THEY_ARE, QUERY_DEMEANED, QUERY_ZSCORED } query_adjustment;

/* EPARAMETER: another name. NULL: correlation, none. */
berg_status query_metric_named(query_metric *metric, const char *name, berg_error *error);
berg_status query_adjustment_named(query_adjustment *adjustment, const char *name, berg_error *error);
const char *query_metric_name(query_metric metric);
const char *query_adjustment_name(query_adjustment adjustment);

/* What a subject's scores are over the images that are asked about. */
typedef struct query_scale {
  double *mean, *spread, *covariance; /* covariance: NULL unless patterns are z-scored */
} query_scale;

/* Of all images where the adjustment needs them; else those of some will do, as no result depends on them but for
 * rounding. */
berg_status query_scale_open(query_scale *scale, const query_subject *subject, query_images images,
                             query_adjustment adjustment, int threads, berg_error *error);
void query_scale_close(query_scale *scale);

typedef struct query_points {
  const query_subject *subject;
  query_images images;
  query_metric metric;
  size_t width;
  int threads;
  query_patterns *patterns;
  double *centre; /* [width] near the points' mean, which is subtracted: distances then keep their digits */
  float *gathered;
} query_points;

/* EPARAMETER: fewer than two units to correlate; ELIMIT; EMODEL; EINPUT. */
berg_status query_points_open(query_points *points, const query_subject *subject, const model_list *columns,
                              query_images images, const query_scale *scale, query_metric metric,
                              query_adjustment adjustment, int threads, berg_error *error);
void query_points_close(query_points *points);
/* Points of images [first, first + count), at most QUERY_BLOCK, into x [count][width]: NaN where there is no
 * pattern. */
berg_status query_points_block(query_points *points, size_t first, size_t count, double *x, berg_error *error);

#endif
