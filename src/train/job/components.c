/* Stage "components": the second pass over a set's panels, and the file of its PCA. */
#include "base/memory.h"
#include "model/catalog/paths.h"
#include "train/job/plan.h"
#include "train/job/set_pca.h"
#include "train/job/stages.h"
#include "train/pca/pca_file.h"

static size_t memory(const train_plan *plan, size_t of) { return PLAN_PROGRAM + train_set_memory(plan, of).components; }

static uint64_t disk(const train_plan *plan, size_t of) {
  const train_job *job = &plan->job;
  return train_pca_bytes(job->sets[of].count, job->features, job->components);
}

/* The components of each block, uncorrected. */
static uint64_t beside(const train_plan *plan, size_t of) {
  const uint64_t k = plan->job.components;
  (void)of;
  return k * plan->job.features * sizeof(float) + TRAIN_PANEL_BLOCKS * k * k * sizeof(double);
}

static train_cost cost(const train_plan *plan, size_t of, size_t panels) {
  const double n = (double)plan->job.sets[of].count, k = (double)plan->job.components;
  const double p = (double)panels * (double)train_store_width(plan->job.tokens);
  return (train_cost){2 * n * p * k, n * p * sizeof(float),
                      (double)(disk(plan, of) + beside(plan, of)) * p / (double)plan->job.features};
}

/* One that is not as it was written is made again. */
static berg_status find_file(const train_plan *plan, size_t of, const char *path, bool *is_whole, berg_error *error) {
  const train_job *job = &plan->job;
  train_pca_file file;
  *is_whole = false;
  if (!model_path_exists(path)) return BERG_OK;
  berg_status status =
      train_pca_file_open(&file, path, job->sets[of].count, job->features, job->components, job->threads, error);
  if (status) return status == BERG_ELIMIT || !file.is_read ? status : BERG_OK;
  *is_whole = true;
  train_pca_file_close(&file);
  return BERG_OK;
}

static berg_status done(const train_plan *plan, size_t of, io_ranges *panels, bool *is_whole, berg_error *error) {
  train_set_pca set;
  berg_status status = train_set_pca_open(&set, plan, of, NULL, false, error);
  if (status) return status;
  status = find_file(plan, of, set.components, is_whole, error);
  if (!status) status = train_pca_components_done(&set.step, panels, error);
  train_set_pca_close(&set);
  return status;
}

static berg_status run(const train_step *step, size_t first, size_t end, berg_error *error) {
  train_set_pca set;
  berg_status status = train_set_pca_open(&set, step->plan, step->of, step->stage, true, error);
  if (status) return status;
  status = train_pca_step_components(&set.step, first, end, error);
  train_set_pca_close(&set);
  return status;
}

static berg_status merge(const train_step *step, berg_error *error) {
  train_set_pca set;
  train_pca pca;
  berg_status status = train_set_pca_open(&set, step->plan, step->of, step->stage, false, error);
  if (status) return status;
  status = train_pca_merge_components(&set.step, &pca, error);
  if (!status) {
    status = train_pca_write(&pca, step->plan->job.threads, set.components, error);
    train_pca_release(&pca);
  }
  train_set_pca_close(&set);
  return status;
}

static berg_status tidy(const train_plan *plan, size_t of, berg_error *error) {
  train_set_pca set;
  berg_status status = train_set_pca_open(&set, plan, of, NULL, false, error);
  if (status) return status;
  status = train_pca_remove_parts(&set.step, set.components, error);
  train_set_pca_close(&set);
  return status;
}

static berg_status check(const train_plan *plan, size_t of, cJSON *faults, berg_error *error) {
  return train_set_check(plan, &train_components_stage, of, faults, error);
}

const train_stage_kind train_components_stage = {
    .name = "components",
    .unit = "panels",
    .scope = TRAIN_OF_SET,
    .prefix = "berg-pca-",
    .ending = ".safetensors",
    .has_lapack = true,
    .count = train_set_panels,
    .grain = train_set_block,
    .hash = train_set_hash,
    .memory = memory,
    .disk = disk,
    .beside = beside,
    .cost = cost,
    .done = done,
    .check = check,
    .run = run,
    .merge = merge,
    .tidy = tidy,
};
