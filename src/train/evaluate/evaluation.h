/* An evaluation under way, and what each kind of model does in it by itself: one file measure_<kind>.c a kind. */
#ifndef TRAIN_EVALUATION_H
#define TRAIN_EVALUATION_H

#include <cjson/cJSON.h>

#include "model/catalog/prepared.h"
#include "train/evaluate/results.h"
#include "train/evaluate/test_set.h"
#include "train/run/run.h"

typedef struct train_evaluation train_evaluation;

typedef struct train_measure {
  /* Reads the test set, opens the responses to it and sets `columns`: all that can be found wrong before an image is
   * encoded. EINPUT. */
  berg_status (*open)(train_evaluation *e, berg_error *error);
  /* The images, where they are not the files of `test`; NULL: they are. */
  berg_status (*images)(train_evaluation *e, berg_stimuli **stimuli, berg_error *error);
  berg_status (*measure)(train_evaluation *e, berg_error *error);
  /* Into the model's metadata, and as JSON; NULL: all that is measured is in `results`. */
  berg_status (*write)(const train_evaluation *e, berg_error *error);
  berg_status (*report)(const train_evaluation *e, cJSON *report, berg_error *error);
  void (*release)(train_evaluation *e);
} train_measure;

/* Predictions of one output: where they go, where they are until all is done, and themselves after that. */
typedef struct train_predictions {
  char *path, *unfinished;
  berg_file *file;
  const berg_array *values; /* float32 (images, ...) */
  cJSON *sidecar;           /* NULL: none is asked for */
} train_predictions;

struct train_evaluation {
  const char *model_id;
  const model_layout *layout;
  const train_measure *measure;
  const berg_evaluate_options *options;
  const berg_run *run;
  size_t memory;
  int threads;
  unsigned quarter; /* 0: the model of all training data */
  char *prepared_path, *metadata_path;
  berg_file *prepared;
  train_test_set test;
  size_t columns[MODEL_OUTPUTS_MAX]; /* of the responses to one image */
  train_predictions predictions[MODEL_OUTPUTS_MAX];
  size_t outputs;
  train_results results;
  bool encoded; /* the predictions are whole, beside their places */
  char **parts; /* [part_count] of which they were joined */
  size_t part_count;
  char *lock_path;
  int lock; /* descriptor */
  double prediction_seconds, correlation_seconds, reliability_seconds, metadata_seconds;
  void *own; /* the measure's */
};

extern const train_measure train_measure_voxels, train_measure_vertices, train_measure_repetitions,
    train_measure_trials;

#endif
