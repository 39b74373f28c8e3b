/* The parts of berg_simulate_prepared: data of the sibling models as their preparation leaves them, with signal and
 * noise that are known. What is simulated, and the formulas: docs/simulation.md. */
#ifndef TRAIN_SIMULATE_PREPARED_H
#define TRAIN_SIMULATE_PREPARED_H

#include "io/value/tree_build.h"
#include "model/catalog/prepared.h"
#include "model/weights/fitted.h"
#include "train/simulate/simulate.h"

/* What an image has that units respond to: means of three colours and of the contrasts at three scales. */
#define SIMULATE_SOURCES 6

/* A unit: how it weighs the sources, with mean 0 and variance 1 over the test images, and how much of that there is. */
typedef struct simulate_unit {
  float weights[SIMULATE_SOURCES], offset;
  double signal, noise; /* variances; the signal's at its best time */
  double delay;         /* its times, as multiples of others' */
} simulate_unit;

typedef struct simulate_recording simulate_recording;

/* What one model's recordings are: one file simulate_<modality>.c each. */
typedef struct simulate_kind {
  const char *model_id;
  size_t units, times, repeats; /* as upstream's */
  size_t most_units;            /* 0: any number */
  double start, length;         /* of the times of a trial, in their unit; the stimulus appears at 0 */
  size_t train_trials;          /* of an image; 0: as many as repeats */
  bool has_quarters;            /* training trials are written a second time, a quarter each */
  bool is_numbered;             /* folders of concepts bear a number, and lie in folders of training and test images */
  berg_status (*write)(const simulate_recording *recording, berg_error *error); /* responses and metadata */
} simulate_kind;

extern const simulate_kind simulate_eeg, simulate_meg, simulate_nsd, simulate_tvsd;

struct simulate_recording {
  const simulate_kind *kind;
  const model_layout *layout;
  const char *folder, *subject;
  const simulate_design *design; /* its sessions are the repeats of a test image */
  const float *sources;          /* [images][SIMULATE_SOURCES] */
  size_t outputs, units, times, columns;
  simulate_unit *unit[MODEL_OUTPUTS_MAX]; /* [units] */
  double *time;                           /* [times] */
  uint64_t noise;                         /* stream */
  bool force;
  int threads;
  const train_stage *stage;
  size_t *done; /* trials written, of all subjects */
};

/* A trial: which image, and its number among all of a subject's, by which its noise is drawn. */
typedef struct simulate_trial {
  size_t image;
  uint64_t number;
} simulate_trial;

/* Each image of [first, first + images) `repeats` times, in an order of the subject's own; trials are numbered from
 * `number` on in that order. base_free; NULL: ELIMIT. */
simulate_trial *simulate_shuffled(const simulate_recording *recording, size_t first, size_t images, size_t repeats,
                                  uint64_t number, berg_error *error);

/* The responses to these trials of an output, float32, in a file of the prepared data; `shape` [ndim] is of the
 * dataset, which holds as many values. */
berg_status simulate_write_trials(const simulate_recording *recording, model_prepared_file file, size_t output,
                                  unsigned quarter, const simulate_trial *trials, size_t count, const size_t *shape,
                                  size_t ndim, berg_error *error);
/* Their averages over the trials of each test image. */
berg_status simulate_write_averages(const simulate_recording *recording, const simulate_trial *trials, size_t count,
                                    berg_error *error);
/* The prepared metadata. */
berg_status simulate_write_metadata(const simulate_recording *recording, const io_tree *tree, const io_value *root,
                                    berg_error *error);

/* Variance of the signal over test images of column unit x times + time; of the noise. */
double simulate_signal(const simulate_recording *recording, size_t output, size_t unit, size_t time);
/* truth/<subject>.npz: variances, ceilings, the test images' signals. */
berg_status simulate_write_recording_truth(const simulate_recording *recording, berg_error *error);

/* --- Names (simulate_names.c) --- */

#define SIMULATE_CONCEPT_ROOM (SIMULATE_NAME_ROOM + 8)
/* The folder of an image's concept, as this kind has it. */
void simulate_kind_concept(const simulate_kind *kind, const simulate_design *design, size_t image,
                           char name[SIMULATE_CONCEPT_ROOM]);

/* Of each trial's image: folder, file, and both with a slash between; the tree's. */
typedef struct simulate_trial_names {
  const char **concepts, **stimuli, **files;
} simulate_trial_names;

/* False when memory is short, which the tree remembers. */
bool simulate_name_trials(simulate_trial_names *names, const simulate_recording *recording, io_tree *tree,
                          const simulate_trial *trials, size_t count);

/* MEG and TVSD: single trials, all and by quarters; the metadata get entries of all trials by `add`. */
typedef void (*simulate_add_trials)(const simulate_recording *recording, io_tree *tree, io_value *dict,
                                    const char *start, const simulate_trial *trials, size_t count);
berg_status simulate_write_series(const simulate_recording *recording, io_tree *tree, io_value *root,
                                  simulate_add_trials add, berg_error *error);

#endif
