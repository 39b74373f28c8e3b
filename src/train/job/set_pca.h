/* What the three stages of a PCA share: a step of pca/pca_steps.h for the images of one set. */
#ifndef TRAIN_SET_PCA_H
#define TRAIN_SET_PCA_H

#include "train/job/features.h"
#include "train/pca/pca_steps.h"

typedef struct train_set_pca {
  train_pca_step step;
  train_panels panels;
  train_pca_options options;
  train_features features;
  train_store_view view;
  char fingerprint[32];
  char *gram, *vectors, *components;
} train_set_pca;

/* `stage`: whose progress is told, NULL to look at files alone. `reads`: opens the store too, EINPUT where features are
 * missing. ELIMIT. The struct stays where it is until it is closed. */
berg_status train_set_pca_open(train_set_pca *set, const train_plan *plan, size_t of, const train_stage *stage,
                               bool reads, berg_error *error);
void train_set_pca_close(train_set_pca *set);

/* `check` of train_stage_kind for a stage of a set, whose `done` leaves out what is damaged or does not fit. */
berg_status train_set_check(const train_plan *plan, const train_stage_kind *kind, size_t of, cJSON *faults,
                            berg_error *error);

/* Whether eigenvectors are found by products: as was asked, else where the Gram matrix of a set does not fit the
 * memory. */
void train_set_choose(train_plan *plan);
/* "gram" or "products". */
const char *train_set_way(const train_plan *plan);

size_t train_set_panels(const train_plan *plan, size_t of);
size_t train_set_block(const train_plan *plan, size_t of);
uint64_t train_set_hash(const train_plan *plan, size_t of);
/* Peak bytes of each step. */
train_pca_sizes train_set_memory(const train_plan *plan, size_t of);

#endif
