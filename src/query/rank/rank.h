/* What the files of a ranking share: the numbers of images, and the images that are farthest out. */
#ifndef QUERY_RANK_H
#define QUERY_RANK_H

#include "model/catalog/functional.h"
#include "query/subject/images.h"
#include "query/scores/patterns.h"
#include "query/subject/subject.h"

/* --- What an image is ranked by --- */

typedef enum query_measure { QUERY_LINEAR, QUERY_NORM, QUERY_TYPICALITY, QUERY_SIMILARITY } query_measure;

typedef struct query_criterion {
  query_measure measure;
  model_functional functional; /* linear */
  model_expression *set;       /* else */
  char *image;                 /* similarity */
} query_criterion;

/* EPARAMETER as model_functional_parse. */
berg_status query_criterion_parse(query_criterion *criterion, const char *text, berg_error *error);
void query_criterion_free(query_criterion *criterion);

/* The criterion on one subject, ready to be applied to scores. */
typedef struct query_measuring {
  query_measure measure;
  size_t scores;
  double *vector;  /* [scores + 1] linear */
  size_t *columns; /* [column_count] of each term */
  size_t column_count;
  query_patterns *patterns; /* else */
  double *direction;        /* [width] of unit length: the pattern that others are compared with; norm: NULL */
  double *x;                /* [QUERY_TILE][width] */
  double scale;             /* norm: 1 over the root of the number of units */
} query_measuring;

/* Rows that are measured as one piece: a megabyte, which stays in cache between the checks and what follows. */
#define QUERY_TILE ((size_t)1024)

berg_status query_measuring_make(query_measuring *measuring, const query_criterion *criterion,
                                 const query_subject *subject, query_images images, int threads, berg_error *error);
void query_measuring_release(query_measuring *measuring);
/* The numbers of `count` images, at most QUERY_TILE; NaN where a pattern is none. */
void query_measure_tile(const query_measuring *measuring, const float *rows, size_t count, base_team *team,
                        double *values);

/* --- Lists --- */

typedef struct query_list {
  size_t *at; /* [count] numbers among the values */
  size_t count;
} query_list;

/* The first `most` values in descending order, or ascending, the lower number first where they are equal; NaN is never
 * among them. base_free(list->at). ELIMIT. */
berg_status query_list_make(query_list *list, const double *values, size_t count, size_t most, bool ascending,
                            berg_error *error);

/* How many of the values are lower than each of `marks` [mark_count], in `lower`. ELIMIT. */
berg_status query_count_lower(const double *values, size_t count, const double *marks, size_t mark_count, size_t *lower,
                              berg_error *error);

/* Mean and standard deviation (of a sample) of those that are no NaN, and how many these are. */
typedef struct query_summary {
  double mean, sd;
  size_t known;
} query_summary;

query_summary query_summarise(const double *values, size_t count);

#endif
