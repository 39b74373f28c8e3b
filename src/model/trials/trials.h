/* Simulated single trials: what each column of a prediction becomes, and the normal numbers that it takes.
 * docs/trials.md has the definitions. */
#ifndef MODEL_TRIALS_H
#define MODEL_TRIALS_H

#include "base/team.h"
#include "model/encode/batch.h"
#include "model/trials/options.h"

/* trial = centre + gain (prediction - centre) + unexplained u + noise e, of standard normal u and e: u of the image, e
 * of the image and the trial. */
typedef struct model_trials_column {
  float centre, gain, unexplained, noise;
} model_trials_column;

/* Columns of one output of a subject that cannot be as they were measured. */
typedef struct model_trials_counts {
  size_t columns;
  size_t unknown;    /* without a noise ceiling: NaN */
  size_t unreliable; /* with a ceiling of 0, or none */
  size_t beyond;     /* whose predictions vary more than the ceiling leaves signal for */
  size_t capped;     /* that "signal" would scale by more than MODEL_TRIALS_GAIN */
} model_trials_counts;

#define MODEL_TRIALS_GAIN 10

/* Columns whose numbers are of one stream. */
typedef struct model_trials_span {
  size_t first, count, subject;
  uint32_t part; /* the output and repetition, in the counter of the stream */
} model_trials_span;

typedef struct model_trials {
  const berg_model *model;
  size_t count; /* of an image */
  uint64_t seed;
  model_trials_mode mode;
  size_t average;
  double common;
  model_trials_column *columns; /* [columns of the model] */
  uint64_t *places;             /* [columns] of each one's numbers in its stream */
  model_trials_span *spans;
  size_t span_count, span_capacity;
  model_trials_counts *counts; /* [subjects][MODEL_OUTPUTS_MAX] */
  bool uses_variances;         /* of predictions */
  uint32_t (*keys)[2];         /* [images][subjects] of the batch at hand */
  size_t key_capacity;
} model_trials;

/* EPARAMETER: options that make no sense, a selection of means, a model or mode for which too little is known; EMODEL;
 * ELIMIT. Tells `run` about columns that cannot be as they were measured. */
berg_status model_trials_open(model_trials **trials, const berg_model *model, const berg_trials_options *options,
                              const berg_run *run, berg_error *error);
/* NULL is fine. */
void model_trials_free(model_trials *trials);

/* What each column of the model becomes, and the counts. */
berg_status model_trials_plan(model_trials *trials, berg_error *error);

/* Finds the streams of the batch's images, by their pixels. */
berg_status model_trials_identify(model_trials *trials, model_batch *batch, berg_error *error);
/* The trials of the batch's images [from, from + images), [images][trials][columns], of their predictions
 * [images][columns]. */
void model_trials_make(const model_trials *trials, base_team *team, size_t from, size_t images,
                       const float *predictions, float *responses);

/* Goes on with a hash (base/hash.h) over all that decides the numbers beside model and images. */
uint64_t model_trials_hash(const model_trials *trials, size_t subject, uint64_t hash);

#endif
