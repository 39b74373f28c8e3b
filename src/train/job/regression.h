/* Sizes of the stage "regression" that others show or read. */
#ifndef TRAIN_REGRESSION_H
#define TRAIN_REGRESSION_H

#include "train/job/stage.h"

/* Chunks of a subject's targets: as many as were asked for, or as memory allows. */
size_t train_regression_chunks(const train_plan *plan, size_t subject);
/* float32 columns of a row of the stage's file: coefficients, intercept, and after ridge the two halves of alpha. */
size_t train_regression_columns(const train_plan *plan);

#endif
