/* Regression of many targets on component scores, chunk by chunk of targets.
 *
 * The scores of PCA have mean 0 and are orthogonal, so that least squares and ridge have closed forms; scores that are not
 * (PCA left out) go through the Cholesky factor of their covariance. The bits of a target's coefficients do not depend on
 * the chunk it is in. */
#ifndef TRAIN_REGRESS_H
#define TRAIN_REGRESS_H

#include <stdbool.h>

#include "train/run.h"

typedef struct train_scores {
  const float *values; /* [rows][width] */
  size_t rows, width;
} train_scores;

/* Responses of one subject, read by blocks of targets. */
typedef struct train_targets {
  size_t rows, count;
  /* float32 [rows][number] of targets [first, first + number), rows in the order of the scores. */
  berg_status (*read)(void *user, size_t first, size_t number, float *to, berg_error *error);
  void *user;
} train_targets;

typedef struct train_regression train_regression;

/* Checks the options (EARGUMENT) and does what all targets share. `scores` are borrowed. */
berg_status train_regression_new(train_regression **regression, const train_scores *scores,
                                 const berg_regression_options *options, const train_machine *machine,
                                 berg_error *error);
void train_regression_free(train_regression *regression);

/* Chunk `index` of `chunks` of `targets` targets, as upstream cuts them: the first (targets mod chunks) are one longer. */
void train_chunk(size_t targets, size_t chunks, size_t index, size_t *first, size_t *number);
/* The number of chunks that are used where none is asked for, so that memory is kept. */
size_t train_chunks_for(size_t rows, size_t width, size_t targets, const berg_regression_options *options,
                        const train_machine *machine);

/* Fits one chunk: `coefficients` [number][width], `intercepts` [number], `alphas` [number] (0 for least squares; NULL is
 * fine). `responses` is [rows][number]. ESTIMULUS: a response that is not finite, with its target. */
berg_status train_regress(const train_regression *regression, const float *responses, size_t number,
                          float *coefficients, float *intercepts, double *alphas, berg_error *error);

/* Checks and completes the options of berg.h. EARGUMENT. */
berg_status train_regression_check(const berg_regression_options *options, berg_error *error);

#endif
