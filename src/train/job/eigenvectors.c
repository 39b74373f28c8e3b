/* Stage "eigenvectors": the largest eigenvalues and eigenvectors of a set's Gram matrix, or the same by products with
 * the panels, one pass over the store after the other. */
#include "train/job/plan.h"
#include "train/job/set_pca.h"
#include "train/job/stages.h"

/* They are found together; by products, progress is told in panels, of as many passes as are expected. */
static size_t count(const train_plan *plan, size_t of) {
  return plan->job.by_products ? TRAIN_PCA_PASSES * train_set_panels(plan, of) : plan->job.components;
}

static size_t memory(const train_plan *plan, size_t of) {
  const train_pca_sizes sizes = train_set_memory(plan, of);
  return PLAN_PROGRAM + (plan->job.by_products ? sizes.search : sizes.eigenvectors);
}

static uint64_t disk(const train_plan *plan, size_t of) {
  return (uint64_t)plan->job.components * (plan->job.sets[of].count + 1) * sizeof(double);
}

/* The space that a search by products grows. */
static uint64_t beside(const train_plan *plan, size_t of) {
  const train_job *job = &plan->job;
  return job->by_products ? train_pca_search(job->sets[of].count, job->features, job->components).disk : 0;
}

static train_cost cost(const train_plan *plan, size_t of, size_t vectors) {
  const double n = (double)plan->job.sets[of].count;
  (void)vectors;
  if (plan->job.by_products) {
    const train_pca_effort effort =
        train_pca_search(plan->job.sets[of].count, plan->job.features, plan->job.components);
    return (train_cost){effort.flop, effort.bytes_read, (double)effort.disk};
  }
  return (train_cost){4 * n * n * n / 3 + 4 * n * n * (double)plan->job.components, 0, 0};
}

static berg_status done(const train_plan *plan, size_t of, io_ranges *vectors, bool *is_whole, berg_error *error) {
  train_set_pca set;
  berg_status status = train_set_pca_open(&set, plan, of, NULL, false, error);
  if (status) return status;
  status = train_pca_eigenvectors_done(&set.step, is_whole, error);
  if (*is_whole) io_ranges_add(vectors, 0, count(plan, of));
  train_set_pca_close(&set);
  return status;
}

static berg_status run(const train_step *step, size_t first, size_t end, berg_error *error) {
  train_set_pca set;
  (void)first, (void)end;
  const bool reads = step->plan->job.by_products;
  berg_status status = train_set_pca_open(&set, step->plan, step->of, step->stage, reads, error);
  if (status) return status;
  status = train_pca_step_eigenvectors(&set.step, error);
  train_set_pca_close(&set);
  return status;
}

static berg_status check(const train_plan *plan, size_t of, cJSON *faults, berg_error *error) {
  return train_set_check(plan, &train_eigenvectors_stage, of, faults, error);
}

static berg_status remove_files(const train_plan *plan, size_t of, berg_error *error) {
  train_set_pca set;
  berg_status status = train_set_pca_open(&set, plan, of, NULL, false, error);
  if (status) return status;
  status = train_pca_remove_vectors(&set.step, error);
  train_set_pca_close(&set);
  return status;
}

const train_stage_kind train_eigenvectors_stage = {
    .name = "eigenvectors",
    .unit = "eigenvectors",
    .scope = TRAIN_OF_SET,
    .prefix = "berg-eigenvectors-",
    .ending = "",
    .until = &train_components_stage,
    .has_lapack = true,
    .count = count,
    .grain = count,
    .hash = train_set_hash,
    .memory = memory,
    .disk = disk,
    .beside = beside,
    .cost = cost,
    .done = done,
    .check = check,
    .run = run,
    .remove = remove_files,
};
