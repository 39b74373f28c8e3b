/* The table of stages, in their order. Each finds what the ones before left in the work folder, leaves its own there,
 * and does only what is missing. */
#ifndef TRAIN_STAGES_H
#define TRAIN_STAGES_H

#include "train/job/stage.h"

/* Every image through the network into the store. */
extern const train_stage_kind train_features_stage;
/* The PCA of the images of one set: pca/pca_steps.h. */
extern const train_stage_kind train_gram_stage, train_eigenvectors_stage, train_components_stage;
/* Every target of one subject on the scores. */
extern const train_stage_kind train_regression_stage;
/* The subject's files of weights, and its metadata where there are none yet. */
extern const train_stage_kind train_weights_stage;

#define TRAIN_STAGES 6
extern const train_stage_kind *const train_stages[TRAIN_STAGES];

/* <work>/<prefix>, then <subject>- where it is of a subject and <hash> where it is not of the run, then <ending>.
 * base_free; NULL: ELIMIT. */
char *train_stage_path(const train_plan *plan, const train_stage_kind *kind, size_t of, berg_error *error);

/* By its name. NULL, EPARAMETER: there is none. */
const train_stage_kind *train_stage_named(const char *name, berg_error *error);

/* What its units are called in this run. */
const char *train_stage_unit(const train_plan *plan, const train_stage_kind *kind);
size_t train_stage_grain(const train_plan *plan, const train_stage_kind *kind, size_t of);
/* Runs a range of units. EARGUMENT: it cuts units that go together, or there are not so many. */
berg_status train_stage_run(const train_step *step, const train_stage_kind *kind, size_t first, size_t end,
                            berg_error *error);
/* Removes the file of a stage that is not needed any more. */
berg_status train_stage_remove(const train_plan *plan, const train_stage_kind *kind, size_t of, berg_error *error);

/* For fingerprints. */
uint64_t train_hash_rows(uint64_t hash, const size_t *rows, size_t count);

/* Rows below `most` that a journal says to be safe; none where it is missing or of another run. ELIMIT; EWRITE: it
 * cannot be read. */
berg_status train_stage_noted(io_ranges *rows, const char *path, size_t columns, const char *fingerprint, size_t most,
                              berg_error *error);

#endif
