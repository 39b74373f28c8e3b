/* What the three stages of a PCA share. */
#include "train/job/set_pca.h"

#include <inttypes.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "train/job/features.h"
#include "train/job/plan.h"
#include "train/job/stages.h"

static berg_status open_store(train_set_pca *set, const train_plan *plan, size_t of, berg_error *error) {
  berg_status status = train_features_open(plan, &set->store, error);
  if (status) return status;
  set->view = (train_store_view){set->store, plan->job.sets[of].rows, plan->job.sets[of].count};
  set->panels = train_store_panels(&set->view);
  return BERG_OK;
}

berg_status train_set_pca_open(train_set_pca *set, const train_plan *plan, size_t of, const train_stage *stage,
                               bool reads, berg_error *error) {
  const train_job *job = &plan->job;
  *set = (train_set_pca){.options = {.components = job->components, .standardise = true}};
  set->panels =
      (train_panels){.rows = job->sets[of].count, .columns = job->features, .width = train_store_width(job->tokens)};
  set->gram = train_stage_path(plan, &train_gram_stage, of, error);
  set->vectors = train_stage_path(plan, &train_eigenvectors_stage, of, error);
  set->components = train_stage_path(plan, &train_components_stage, of, error);
  base_print(set->fingerprint, sizeof set->fingerprint, "pca %016" PRIx64, train_set_hash(plan, of));
  set->step = (train_pca_step){&set->panels, &set->options,   &plan->machine, set->fingerprint, set->gram,
                               set->vectors, set->components, stage,          job->by_products};
  berg_status status = set->gram && set->vectors && set->components ? BERG_OK : BERG_ELIMIT;
  if (!status && reads) status = open_store(set, plan, of, error);
  if (status) train_set_pca_close(set);
  return status;
}

void train_set_pca_close(train_set_pca *set) {
  train_store_close(set->store, NULL);
  base_free(set->gram);
  base_free(set->vectors);
  base_free(set->components);
  set->store = NULL;
  set->gram = set->vectors = set->components = NULL;
}

void train_set_choose(train_plan *plan) {
  train_job *job = &plan->job;
  const char *asked = job->options->eigenvectors;
  job->by_products = asked && !strcmp(asked, "products");
  for (size_t of = 0; of < job->set_count && !asked; of++) {
    const train_pca_sizes sizes = train_set_memory(plan, of);
    const size_t gram = sizes.gram > sizes.eigenvectors ? sizes.gram : sizes.eigenvectors;
    job->by_products |= PLAN_PROGRAM + gram > job->memory && sizes.search < gram;
  }
}

const char *train_set_way(const train_plan *plan) { return plan->job.by_products ? "products" : "gram"; }

size_t train_set_panels(const train_plan *plan, size_t of) {
  (void)of;
  return plan->job.features / train_store_width(plan->job.tokens);
}

size_t train_set_block(const train_plan *plan, size_t of) { return train_panels_block(train_set_panels(plan, of)); }

uint64_t train_set_hash(const train_plan *plan, size_t of) {
  const train_set *set = &plan->job.sets[of];
  uint64_t hash = train_hash_rows(train_plan_hash(plan, &train_features_stage, 0), set->rows, set->count);
  hash = base_hash_number(hash, TRAIN_PANEL_BLOCKS);
  hash = base_hash_number(hash, plan->job.components);
  return plan->job.by_products ? base_hash_number(hash, 1) : hash;
}

train_pca_sizes train_set_memory(const train_plan *plan, size_t of) {
  const train_job *job = &plan->job;
  return train_pca_memory(job->sets[of].count, job->features, train_store_width(job->tokens), job->components,
                          job->threads);
}
