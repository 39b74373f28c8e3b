/* Accuracy and reliability of one subject's voxels: measured by blocks of voxels, written into the metadata, told as
 * JSON. docs/accuracy.md has the definitions. */
#ifndef TRAIN_ACCURACY_H
#define TRAIN_ACCURACY_H

#include <cjson/cJSON.h>

#include "io/hdf5/hdf5.h"
#include "train/run/run.h"
#include "train/evaluate/test_set.h"

/* Why voxels have no number. Each voxel is counted under the first reason that holds of those for r, and of those for
 * the ceilings. */
typedef struct train_missing {
  size_t not_finite, flat_responses, flat_predictions; /* r */
  size_t repeat_not_finite, flat_repeat;               /* ceilings and split halves */
  size_t zero_ceiling;                                 /* a number of both, but nothing to divide by */
} train_missing;

typedef struct train_accuracy {
  size_t voxels;
  double *r;                     /* [voxels], as the others; all are parts of this block (base_free) */
  double *percent_noise_ceiling; /* 100 max(r, 0)^2 / (test set's ceiling / 100), NaN where that is 0 */
  berg_reliability reliability;
  train_missing missing;
  double correlation_seconds, reliability_seconds;
} train_accuracy;

/* What is measured: rows of `averaged` and `predictions` are images in the order of `test`, those of `trials` as its
 * rows say. All have as many columns. */
typedef struct train_responses {
  const train_test_set *test;
  const berg_array *predictions; /* float32 [images][voxels] */
  io_hdf5 *averaged, *trials;    /* float32 or float64 */
} train_responses;

/* Stage "reliability", in voxels. `memory` bounds the blocks of trials. ECANCELLED, EINPUT, ELIMIT. */
berg_status train_accuracy_measure(train_accuracy *accuracy, const train_responses *responses, int threads,
                                   size_t memory, const berg_run *run, berg_error *error);
void train_accuracy_release(train_accuracy *accuracy);

/* Writes `path`: what is in `prepared`, its order kept, with the ceilings and split halves of encoding_model replaced
 * by these and the accuracy added; over what is there. EINPUT: `prepared` holds no such dict; EWRITE. */
berg_status train_accuracy_write(const train_accuracy *accuracy, const berg_file *prepared, const char *path,
                                 berg_error *error);

/* Adds means, medians, counts, regions and what the dataset's own ceilings (those of `prepared`) differ by. ELIMIT. */
berg_status train_accuracy_report(const train_accuracy *accuracy, const berg_file *prepared, cJSON *report,
                                  berg_error *error);

/* The keys under encoding_model, in the order of the arrays in berg_reliability; index 0 to 3. */
const char *train_reliability_key(size_t index);
const double *train_reliability_values(const train_accuracy *accuracy, size_t index);

#endif
