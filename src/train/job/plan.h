/* What a run will need: known before it begins, shown to the user, and compared with the memory and disk available. */
#ifndef TRAIN_PLAN_H
#define TRAIN_PLAN_H

#include "model/encode/model.h"
#include "model/catalog/paths.h"
#include "train/job/job.h"
#include "train/job/stage.h"

/* Memory of the libraries and of open handles, as in model_memory_needed. */
#define PLAN_PROGRAM ((size_t)48 << 20)

struct train_plan {
  train_job job;
  berg_model *network;  /* no subjects; NULL once it is not needed */
  model_device *device; /* NULL: the processor */
  char products[224];   /* as in berg_model */
  train_machine machine;
  const train_stage_kind *only; /* the one stage that is asked for; NULL: all */
  uint64_t hash;                /* of the whole run */
  size_t *chunks;               /* [subjects] */
  bool is_finished;             /* all outputs are in place, but the work folder was not cleared */
  size_t leftovers;
  uint64_t leftover_bytes;
  train_task *tasks; /* in the order in which they are done */
  size_t task_count;
  double product_flops; /* measured */
  double seconds;       /* of all stages, estimated */
  size_t memory_needed, memory_least;
  uint64_t disk_needed, disk_free; /* needed beyond what the run has already */
};

/* Reads all that is there, measures the machine's rate of products, computes nothing of the model. As train_job_open,
 * and EMODEL: no backbone. */
berg_status train_plan_open(train_plan *plan, const char *model_id, const berg_train_options *options,
                            berg_error *error);
void train_plan_close(train_plan *plan);
/* Drops the network, whose weights are not needed once there are features. */
void train_plan_drop_network(train_plan *plan);

/* The fingerprint of one of its tasks. */
uint64_t train_plan_hash(const train_plan *plan, const train_stage_kind *kind, size_t of);
/* Whether the file of task `earlier` is superseded by task `later`, the last that reads it. */
bool train_plan_supersedes(const train_plan *plan, const train_task *later, const train_task *earlier);

/* Finds again what is done of one of its tasks, after other processes were at work. ELIMIT. */
berg_status train_plan_look(const train_plan *plan, train_task *task, berg_error *error);

/* The rate of products now, measured for as long as suits a run of this length. ELIMIT. */
berg_status train_plan_rate(const train_plan *plan, double *flops, berg_error *error);

/* ELIMIT with the sizes. */
berg_status train_plan_check(const train_plan *plan, berg_error *error);
berg_status train_plan_json(const train_plan *plan, char **json, berg_error *error);

#endif
