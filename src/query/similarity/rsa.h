/* Comparing what several sides (regions of subjects and models, matrices) say of all pairs of images: what the files
 * query/similarity/rsa_*.c share. */
#ifndef QUERY_RSA_H
#define QUERY_RSA_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "query/similarity/pairs.h"

typedef enum query_measure {
  QUERY_BY_PEARSON,
  QUERY_BY_COSINE,
  QUERY_BY_SPEARMAN,
  QUERY_BY_RHO_A,
  QUERY_BY_KENDALL
} query_measure;

/* --- Sides (rsa_sides.c) --- */

typedef struct query_side {
  const berg_rsa_side *asked;
  char *label;
  const query_subject *subject; /* NULL: a matrix */
  const query_scale *scale;
  model_list columns;
  berg_file *file;
  const berg_array *matrix;
} query_side;

typedef struct query_rsa {
  const berg_store *store;
  const berg_rsa_options *options;
  query_measure measure;
  query_metric metric;
  query_adjustment adjustment;
  query_images images; /* that were asked for */
  query_side *sides;
  size_t count;
  query_subject *subjects; /* one for each part that a side is of */
  query_scale *scales;
  size_t subject_count;
  size_t *kept;      /* images with a pattern on every side, as numbers in the store, ... */
  size_t *positions; /* ... and as places among those asked for; NULL until they are known */
  size_t kept_count;
  size_t memory;
  int threads;
  const berg_run *run;
  double start;
} query_rsa;

/* Between pieces of what takes long, after the pass over the images: tells of progress, so that a caller who has no
 * `cancel` can end it too. ECANCELLED. */
berg_status query_rsa_go_on(const query_rsa *rsa, berg_error *error);

/* `rsa` has store, options and threads. EPARAMETER, EARGUMENT; EINPUT: a matrix of another size, or not all numbers. */
berg_status query_rsa_open(query_rsa *rsa, const berg_rsa_side *sides, size_t count, berg_error *error);
void query_rsa_close(query_rsa *rsa);
const char *query_measure_name(query_measure measure);

/* Points of a side over images; query_points_close. */
berg_status query_side_points(query_points *points, const query_rsa *rsa, const query_side *side, query_images images,
                              berg_error *error);
/* Finds the images that have a pattern on every side, once. EINPUT: fewer than three. */
berg_status query_rsa_keep(query_rsa *rsa, berg_error *error);
/* EINPUT where so many images are too few to compare. */
berg_status query_check_left(const query_rsa *rsa, size_t count, berg_error *error);
/* Pairs of the images kept; query_pairs_release. */
berg_status query_side_pairs(query_pairs *pairs, const query_rsa *rsa, const query_side *side, berg_error *error);

/* --- Sums over pairs (rsa_sums.c) --- */

/* Over pairs, ordered or not: their number, the two sides' dissimilarities, and products of these. */
typedef struct query_sums {
  double n, a, b, aa, bb, ab;
} query_sums;

/* Pearson or cosine; NaN where a side does not vary. */
double query_measure_of(const query_sums *sums, query_measure measure);

/* Whether sums over the pairs of a side need no pairs: points under a squared distance. */
bool query_is_lifted(const query_rsa *rsa, const query_side *side);
/* Sums of every two lifted sides, in one pass over the images: sums [count][count], of which those of lifted sides i <=
 * j are filled. Images without a pattern on any of these sides are left out, and counted. */
berg_status query_lifted_sums(query_rsa *rsa, query_sums *sums, size_t *left_out, const berg_run *run,
                              berg_error *error);
/* The same of two sides, from their pairs one by one. */
berg_status query_pair_sums(const query_pairs *a, const query_pairs *b, query_measure measure, int threads,
                            query_sums *sums, berg_error *error);

/* --- Ranks (rsa_ranks.c, rsa_grid.c) --- */

/* Records of pairs that fit into `memory`, with the copy that sorting takes. */
bool query_ranks_fit(size_t images, size_t memory);
/* Spearman, rho-a or tau-a by sorting all pairs. ELIMIT. */
berg_status query_sorted(const query_pairs *a, const query_pairs *b, query_measure measure, int threads, double *value,
                         berg_error *error);
/* Spearman or rho-a of dissimilarities rounded to 2^24 + 1 levels between their bounds, by counting. */
berg_status query_counted(const query_pairs *a, const query_pairs *b, query_measure measure, int threads, double *value,
                          berg_error *error);
/* Mid-ranks of a side's pairs as a full matrix [images][images], less their mean. ELIMIT. */
berg_status query_rank_matrix(const query_pairs *pairs, int threads, double *ranks, berg_error *error);

/* --- Resampling (rsa_cloud.c, rsa_permute.c, rsa_bootstrap.c, rsa_bootstrap_pairs.c) --- */

/* Points of the images kept, centred over them. */
typedef struct query_cloud {
  size_t count, width;
  double *x;       /* [count][width] */
  double *squares; /* [count] */
} query_cloud;

berg_status query_cloud_open(query_cloud *cloud, const query_rsa *rsa, const query_side *side, berg_error *error);
void query_cloud_close(query_cloud *cloud);
/* cross [a->width][b->width] = the sum over images of a b'. ELIMIT, ECANCELLED. */
berg_status query_cloud_cross(const query_rsa *rsa, const query_cloud *a, const query_cloud *b, double *cross,
                              berg_error *error);

/* What resampling found. */
typedef struct query_resampled {
  bool asked, exact;
  double left_out; /* share of the variance that the approximation leaves out, by which the spread is corrected */
  size_t axes[2];  /* principal axes of which permutations are evaluated; 0: all pairs are */
  double mean, spread;
  double p;         /* of permutations */
  double low, high; /* of bootstraps: the 95 % interval */
} query_resampled;

/* `value` under permutations of the second side's images. Sides are given as clouds, or as pairs. */
berg_status query_permute_clouds(const query_rsa *rsa, const query_cloud *a, const query_cloud *b,
                                 const query_sums *sums, double value, query_resampled *found, berg_error *error);
berg_status query_permute_pairs(const query_rsa *rsa, const query_pairs *a, const query_pairs *b, double value,
                                query_resampled *found, berg_error *error);

/* Images drawn with replacement; pairs of an image with itself are no pairs. By row sums, ... */
berg_status query_bootstrap_clouds(const query_rsa *rsa, const query_cloud *a, const query_cloud *b,
                                   query_resampled *found, berg_error *error);
berg_status query_bootstrap_rows(const query_rsa *rsa, const query_pairs *a, const query_pairs *b,
                                 query_resampled *found, berg_error *error);
/* ... or with all pairs in each sample. */
berg_status query_bootstrap_pairs(const query_rsa *rsa, const query_pairs *a, const query_pairs *b,
                                  query_resampled *found, berg_error *error);
/* Whether they are to take all pairs: of few images, and when asked to. */
bool query_bootstrap_is_exact(const query_rsa *rsa);

/* Mean, spread and percentiles of `values` [count], which it sorts. Where the approximation leaves out a share of their
 * variance, they are first moved away from their mean by as much as makes up for it. */
void query_resampled_summarise(double *values, size_t count, query_resampled *found);

#endif
