/* What a training run is about: checked options, subjects with what they were shown, images. */
#ifndef TRAIN_JOB_H
#define TRAIN_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "model/catalog/layout.h"
#include "train/job/images.h"

/* What one file of weights is fitted to: a subject's data, or a quarter of them. */
typedef struct train_subject {
  char *name;                         /* as the card has it: "1", "N" */
  char *label;                        /* as file names have it: "sub-01", "monkeyN", "monkeyN_split2" */
  unsigned quarter;                   /* 0: all trials */
  bool is_cut;                        /* the quarter has no files of its own: it is cut out of all trials */
  char *prepared;                     /* metadata */
  char *responses[MODEL_OUTPUTS_MAX]; /* a file for each output */
  char *weights;                      /* weights_sub-0N.npy */
  char *safetensors;                  /* NULL: not wanted */
  char *metadata;                     /* metadata_sub-0N.npy */
  size_t trials;                      /* rows of the regression */
  size_t columns[MODEL_OUTPUTS_MAX];  /* of each file of responses, all dimensions but the first taken together */
  size_t targets;                     /* of all files, one after the other: voxels, or channels and times */
  size_t repeats;                     /* of the trials, a part of the columns each; 1 where the model has none */
  size_t stored;                      /* rows of the files of responses */
  size_t *places;                     /* [stored] the trial that each row goes to; NULL: rows are trials */
  bool averages;                      /* several rows may go to one trial, which is their mean */
  berg_dtype dtype;                   /* of the responses, float32 or float64 */
  char **names;                       /* [trials] "<concept>/<stimulus>", or the row of an array in eight digits */
  size_t *rows;                       /* [trials] of the store */
  size_t set;
} train_subject;

/* The place of a row that no trial takes. */
#define TRAIN_NOWHERE SIZE_MAX

/* Images that one or more subjects were shown: what one PCA is fitted to. */
typedef struct train_set {
  size_t *rows; /* [count] of the store, ascending */
  size_t count;
} train_set;

typedef struct train_job {
  const char *model_id;
  const model_layout *layout;
  const berg_train_options *options;  /* the caller's, taken by the public function */
  berg_regression_options regression; /* not those of `options`: the library's own copy, complete */
  int threads;
  size_t memory;
  char *work;              /* folder */
  size_t tokens, features; /* as in model_fitted */
  size_t components;
  bool by_products; /* eigenvectors are found without a Gram matrix (pca/pca_steps.h) */
  train_subject *subjects;
  size_t subject_count;
  train_images images;
  train_set *sets;
  size_t set_count;
} train_job;

/* Reads what is prepared and looks for the images; those that are missing are left to train_images_check. EARGUMENT,
 * EPARAMETER: options; EINPUT: prepared data missing, shapes that do not fit, an image shown twice to one subject. */
berg_status train_job_open(train_job *job, const char *model_id, const berg_train_options *options, berg_error *error);
void train_job_close(train_job *job);

/* EEXISTS: weights that are there, unless forced. */
berg_status train_job_check_outputs(const train_job *job, berg_error *error);

/* What a target is called in plans and reports: "voxels" where all are, else "targets". */
const char *train_targets_unit(const train_job *job);

#endif
