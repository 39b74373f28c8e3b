/* Stage "gram": the moments of all features of a set's images, and their Gram matrix; where eigenvectors are found by
 * products, the moments alone. */
#include "base/memory.h"
#include "io/file/lock.h"
#include "train/job/plan.h"
#include "train/job/set_pca.h"
#include "train/job/stages.h"

static size_t memory(const train_plan *plan, size_t of) {
  const train_pca_sizes sizes = train_set_memory(plan, of);
  return PLAN_PROGRAM + (plan->job.by_products ? sizes.moments : sizes.gram);
}

/* A triangle with the columns around its diagonal, and what is known of each feature. */
static uint64_t disk(const train_plan *plan, size_t of) {
  const uint64_t n = plan->job.by_products ? 0 : plan->job.sets[of].count;
  return n * (n / 2 + LA_PANEL) * sizeof(double) + plan->job.features * (3 * sizeof(double) + sizeof(float));
}

static train_cost cost(const train_plan *plan, size_t of, size_t panels) {
  const double n = (double)plan->job.sets[of].count, p = (double)panels * (double)train_store_width(plan->job.tokens);
  const double flop = plan->job.by_products ? 0 : n * (n + 1) * p; /* one triangle */
  return (train_cost){flop, n * p * sizeof(float), 0};
}

static berg_status done(const train_plan *plan, size_t of, io_ranges *panels, bool *is_whole, berg_error *error) {
  train_set_pca set;
  berg_status status = train_set_pca_open(&set, plan, of, NULL, false, error);
  if (status) return status;
  status = train_pca_gram_done(&set.step, panels, is_whole, error);
  train_set_pca_close(&set);
  return status;
}

/* Of several processes one adds to the sum; where there are no locks, none does. */
static berg_status run_beside_others(train_set_pca *set, size_t first, size_t end, berg_error *error) {
  char *path = base_format(error, "%s.lock", set->gram);
  if (!path) return BERG_ELIMIT;
  const int lock = io_lock_open(path);
  berg_status status = (lock < 0 ? train_pca_step_gram_parts : train_pca_step_gram)(&set->step, first, end, error);
  io_lock_close(lock, path);
  base_free(path);
  return status;
}

static berg_status run(const train_step *step, size_t first, size_t end, berg_error *error) {
  train_set_pca set;
  berg_status status = train_set_pca_open(&set, step->plan, step->of, step->stage, true, error);
  if (status) return status;
  status =
      step->share.end ? run_beside_others(&set, first, end, error) : train_pca_step_gram(&set.step, first, end, error);
  train_set_pca_close(&set);
  return status;
}

static berg_status merge(const train_step *step, berg_error *error) {
  train_set_pca set;
  berg_status status = train_set_pca_open(&set, step->plan, step->of, step->stage, false, error);
  if (status) return status;
  status = train_pca_merge_gram(&set.step, error);
  train_set_pca_close(&set);
  return status;
}

static berg_status remove_files(const train_plan *plan, size_t of, berg_error *error) {
  train_set_pca set;
  berg_status status = train_set_pca_open(&set, plan, of, NULL, false, error);
  if (status) return status;
  status = train_pca_remove(&set.step, set.gram, error);
  train_set_pca_close(&set);
  return status;
}

static berg_status check(const train_plan *plan, size_t of, cJSON *faults, berg_error *error) {
  return train_set_check(plan, &train_gram_stage, of, faults, error);
}

const train_stage_kind train_gram_stage = {
    .name = "gram",
    .unit = "panels",
    .scope = TRAIN_OF_SET,
    .prefix = "berg-gram-",
    .ending = "",
    .until = &train_components_stage,
    .count = train_set_panels,
    .grain = train_set_block,
    .hash = train_set_hash,
    .memory = memory,
    .disk = disk,
    .beside = disk, /* the sum that is being replaced */
    .cost = cost,
    .done = done,
    .check = check,
    .run = run,
    .merge = merge,
    .remove = remove_files,
};
