/* Regression of many targets on component scores (or any features), chunk by chunk of targets.
 *
 * The centred scores are factored once in float64, U S V^T: through their covariance, or through their Gram matrix
 * where there are fewer rows. For each target then coef = V d (U^T (y - mean y)), d = 1/s for least squares (of minimum
 * norm: directions with s^2 <= 10 max(rows, width) eps s_1^2 are left out), s / (s^2 + alpha) for ridge; intercept =
 * mean y - mean(scores) . coef. Ridge picks its alpha as scikit-learn's RidgeCV(alphas, cv=folds, scoring="r2") does:
 * consecutive folds, each with a factor and means of its own training rows, the mean over folds (and over the targets
 * of a chunk) of r^2, the first of equal ones.
 *
 * The bits of a target's coefficients depend on neither the chunk it is in nor the number of threads. */
#ifndef TRAIN_REGRESS_H
#define TRAIN_REGRESS_H

#include <stdbool.h>

#include "train/run/run.h"

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

/* Chunk `index` of `chunks` of `targets` targets, as upstream cuts them: the first (targets mod chunks) are one
 * longer. */
void train_chunk(size_t targets, size_t chunks, size_t index, size_t *first, size_t *number);
/* The number of chunks that are used where none is asked for: a chunk's responses and coefficients take a quarter of
 * what the memory leaves beside the factors, so that the caller can read the next meanwhile. */
size_t train_chunks_for(size_t rows, size_t width, size_t targets, const berg_regression_options *options,
                        const train_machine *machine);

/* Fits one chunk: `coefficients` [number][width], `intercepts` [number], `alphas` [number] (0 for least squares; NULL
 * is fine). `responses` is [rows][number]. ESTIMULUS: a response that is not finite, with its target's place in the
 * chunk. */
berg_status train_regress(const train_regression *regression, const float *responses, size_t number,
                          float *coefficients, float *intercepts, double *alphas, berg_error *error);

/* Checks the options of berg.h. Those that are 0 or NULL mean their defaults. EARGUMENT. */
berg_status train_regression_check(const berg_regression_options *options, berg_error *error);
bool train_regression_is_ridge(const berg_regression_options *options);

#endif
