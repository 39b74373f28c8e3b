/* What a run will need: known before it begins, shown to the user, and held against the memory and disk that there are. */
#ifndef TRAIN_PLAN_H
#define TRAIN_PLAN_H

#include "model/encode/model.h"
#include "model/catalog/paths.h"
#include "train/job/cost.h"
#include "train/run/run.h"

/* The most that there can be: features, three stages of a PCA for each set, two for each subject. */
#define PLAN_STAGES (1 + 5 * MODEL_SUBJECTS)

typedef struct train_estimate {
  const char *stage, *unit;
  int subject; /* 0: of all */
  size_t done, total;
  train_cost cost; /* of what is not done yet */
  double seconds;
  size_t memory; /* peak bytes of the process */
} train_estimate;

typedef struct train_plan {
  train_job job;
  berg_model *network;  /* no subjects; NULL once it is not needed */
  model_device *device; /* NULL: the processor */
  train_machine machine;
  uint64_t features_hash, pca_hash[MODEL_SUBJECTS], regression_hash[MODEL_SUBJECTS],
      hash; /* the last: of the whole run */
  size_t chunks[MODEL_SUBJECTS];
  bool has_pca[MODEL_SUBJECTS]; /* a set's is there already */
  size_t images_done, voxels_done[MODEL_SUBJECTS];
  bool is_finished; /* all outputs are in place, but the work folder was not cleared */
  size_t leftovers;
  uint64_t leftover_bytes;
  train_estimate stages[PLAN_STAGES];
  size_t stage_count;
  double product_flops; /* measured */
  double seconds;       /* of all stages, estimated */
  size_t memory_needed, memory_least;
  uint64_t disk_needed, disk_free; /* needed beyond what the run has already */
} train_plan;

/* Reads all that is there, measures the machine's rate, computes nothing. As train_job_open, and EMODEL: no backbone. */
berg_status train_plan_open(train_plan *plan, const char *model_id, const berg_train_options *options,
                            berg_error *error);
void train_plan_close(train_plan *plan);
/* Drops the network, whose weights are not needed once there are features. */
void train_plan_drop_network(train_plan *plan);

/* The rate of products now, measured for as long as suits a run of this length. ELIMIT. */
berg_status train_plan_rate(const train_plan *plan, double *flops, berg_error *error);

/* ELIMIT with the sizes. */
berg_status train_plan_check(const train_plan *plan, berg_error *error);
berg_status train_plan_json(const train_plan *plan, char **json, berg_error *error);
/* The fingerprint under which the store's journal knows the run. */
void train_plan_fingerprint(const train_plan *plan, char *text, size_t room);

#endif
