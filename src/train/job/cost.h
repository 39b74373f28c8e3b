/* What each stage computes, reads and writes, from the sizes alone: for the plan before and the report after. */
#ifndef TRAIN_COST_H
#define TRAIN_COST_H

#include "train/job/job.h"

typedef struct train_cost {
  double flop; /* multiplications and additions of the products and of the eigensolver */
  double bytes_read, bytes_written;
} train_cost;

train_cost train_cost_features(const train_job *job, size_t images);
/* Of the stages of train_pca_fit, by their names: "gram", "eigenvectors", "components". */
train_cost train_cost_pca(const train_job *job, size_t set, const char *stage);
train_cost train_cost_regression(const train_job *job, size_t subject, size_t voxels);
train_cost train_cost_weights(const train_job *job, size_t subject);

/* Bytes of the files between the stages, and of the weights. */
uint64_t train_bytes_gram(const train_job *job, size_t set);
uint64_t train_bytes_pca(const train_job *job, size_t set);
uint64_t train_bytes_regression(const train_job *job, size_t subject);
uint64_t train_bytes_weights(const train_job *job, size_t subject);

/* float32 columns of a row of the regression's file: coefficients, intercept, and after ridge the two halves of alpha. */
size_t train_regression_columns(const train_job *job);

#endif
