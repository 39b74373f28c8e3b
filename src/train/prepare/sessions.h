/* Responses to z-scores within each session, some voxels at a time. */
#ifndef TRAIN_SESSIONS_H
#define TRAIN_SESSIONS_H

#include "train/prepare/trials.h"

/* A block of voxels: `betas` is [voxels][trials] of float32 or float64. */
typedef struct train_block {
  const void *betas;
  berg_dtype dtype;
  size_t voxels;
  float *train, *test, *averaged; /* [their trials][voxels] */
} train_block;

/* What was found that is no finite number, or too large for float32. */
typedef struct train_unfit {
  size_t count;
  size_t voxel, trial; /* of the first, voxel after voxel */
} train_unfit;

/* For each session over all its trials, in the betas' own type and in the order that NumPy adds rows in: mean, and
 * standard deviation (ddof 0, at least 1e-8), both rounded to float32; then (x - mean) / deviation in float32.
 * `averaged` is the mean over the repeats of each test stimulus, added up in float32 in the order of the trials. Where
 * `unfit->count` is not 0 the block is not to be used. `scratch` is train_sessions_scratch bytes. The bits depend on
 * neither threads nor blocks. */
void train_sessions(const train_trials *trials, const train_block *block, void *scratch, int threads,
                    train_unfit *unfit);
size_t train_sessions_scratch(const train_trials *trials, int threads);

/* Voxels are worked on in groups of so many: blocks are best multiples. */
#define TRAIN_SESSION_LANES 16

#endif
