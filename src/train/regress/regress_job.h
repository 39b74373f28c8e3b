/* What the files of the regression share. */
#ifndef TRAIN_REGRESS_JOB_H
#define TRAIN_REGRESS_JOB_H

#include "la/columns.h"
#include "train/regress/factor.h"

/* Targets that are multiplied at a time, whatever the chunk. */
#define REGRESS_TILE ((size_t)3 * LA_PANEL)
/* Rows of a product of theirs that are held at a time. */
#define REGRESS_ROWS ((size_t)192)

struct train_regression {
  train_machine machine;
  berg_regression_options options; /* complete */
  double *alphas;                  /* a copy, [options.alpha_count] */
  size_t rows, width;
  bool is_ridge;
  train_factor all;
  train_factor *folds; /* [fold_count]; 0: there is nothing to choose */
  size_t fold_count;
};

/* The tile of targets that one thread works on. */
typedef struct regress_tile {
  size_t first, number; /* of the chunk */
  float *responses;     /* panels of LA_PANEL targets: [rows][LA_PANEL], less their mean, zeros beyond */
  double *projected;    /* [longest rank][REGRESS_TILE]: U^T y */
  float *scaled;        /* panels: [rank][LA_PANEL], projected times d */
  double *product;      /* [REGRESS_ROWS][REGRESS_TILE] */
  double mean[REGRESS_TILE];
} regress_tile;

berg_regression_options regress_complete(const berg_regression_options *given);
/* Bytes that a regression takes while it is made, and its threads beside their chunk. */
size_t regress_shared_memory(size_t rows, size_t width, const berg_regression_options *options, int threads);

/* projected = U^T responses. */
void regress_project(const train_regression *regression, const train_factor *factor, regress_tile *tile);
/* scaled = projected times s / (s^2 + alpha), of the columns [first, end) of the tile. */
void regress_scale(const train_factor *factor, const regress_tile *tile, size_t first, size_t end, double alpha);
/* product = matrix [rows][factor's pitch] times scaled, of at most REGRESS_ROWS rows. */
void regress_apply(const train_regression *regression, const train_factor *factor, const float *matrix, size_t rows,
                   const regress_tile *tile);

/* r^2 of the held-out rows, averaged over the folds: `scores` [tile's number][alphas]. */
void regress_cross_validate(const train_regression *regression, const float *responses, size_t stride,
                            regress_tile *tile, double *scores);

#endif
