/* What the files of the regression share. */
#ifndef TRAIN_REGRESS_JOB_H
#define TRAIN_REGRESS_JOB_H

#include "train/factor.h"

struct train_regression {
  train_machine machine;
  berg_regression_options options; /* complete */
  double *alphas;                  /* a copy, [options.alpha_count] */
  size_t rows, width, depth;
  bool is_ridge;
  train_factor all;
  train_factor *folds; /* [fold_count]; 0: there is nothing to choose */
  size_t fold_count;
};

/* The tile of targets that one thread works on. */
typedef struct regress_tile {
  size_t first, number; /* of the chunk */
  float *responses;     /* [FACTOR_TILE][depth], less their mean, zeros beyond */
  float *projected;     /* [FACTOR_TILE][longest padded rank]: U^T y */
  float *scaled;        /* the same, times d */
  float product[FACTOR_TILE * FACTOR_TILE];
  double mean[FACTOR_TILE];
  void *scratch;
} regress_tile;

berg_regression_options regress_complete(const berg_regression_options *given);
/* Bytes that a regression takes while it is made. */
size_t regress_shared_memory(size_t rows, size_t width, const berg_regression_options *options);

/* projected = U^T responses. False: a product failed. */
bool regress_project(const train_regression *regression, const train_factor *factor, regress_tile *tile);
/* scaled = projected times 1/s, or s / (s^2 + alpha). */
void regress_scale(const train_factor *factor, const regress_tile *tile, size_t target, double alpha);

/* r^2 of the held-out rows, averaged over the folds: `scores` [tile's number][alphas]. */
bool regress_cross_validate(const train_regression *regression, const float *responses, size_t stride,
                            regress_tile *tile, double *scores);

#endif
