/* What a contrast knows of a group of images: mean and spread of their scores, from which those of every response
 * follow. */
#ifndef QUERY_GROUP_H
#define QUERY_GROUP_H

#include "query/subject/images.h"

typedef struct query_group {
  size_t count;   /* images, or pairs */
  size_t scores;  /* of an image */
  double *mean;   /* [scores] */
  double *factor; /* [rows][scores]: factor' factor is the sum of squares and products about the mean */
  size_t rows;
  double *rounding; /* [scores] how large a deviation from the mean may be that is rounding alone */
} query_group;

/* Of the images of a part of the store; with `minus` (NULL: none), of as many, of the differences of scores, image by
 * image. ELIMIT, EINPUT: damaged rows; ECANCELLED: `run`, which may be NULL. */
berg_status query_group_make(query_group *group, const berg_store *store, size_t part, query_images images,
                             const size_t *minus, int threads, const berg_run *run, berg_error *error);
void query_group_release(query_group *group);

/* Means and variances (of a sample) of the responses of rows [count][ld], intercepts left out: mean = w (mean -
 * origin), `origin` [scores]. A variance that is no more than rounding is 0. `work` is [group->rows][count]. ELIMIT. */
berg_status query_group_respond(const query_group *group, const double *origin, const double *rows, size_t ld,
                                size_t count, int threads, double *work, double *mean, double *variance,
                                berg_error *error);

#endif
