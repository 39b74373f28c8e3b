/* What the three stages of a PCA share. */
#include "train/job/set_pca.h"

#include <inttypes.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/value/json_build.h"
#include "model/catalog/paths.h"
#include "train/job/plan.h"
#include "train/job/stages.h"

static berg_status open_store(train_set_pca *set, const train_plan *plan, size_t of, berg_error *error) {
  berg_status status = train_features_open(&set->features, plan, error);
  if (status) return status;
  set->view = (train_store_view){set->features.reader, plan->job.sets[of].rows, plan->job.sets[of].count};
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
  train_features_close(&set->features);
  base_free(set->gram);
  base_free(set->vectors);
  base_free(set->components);
  set->gram = set->vectors = set->components = NULL;
}

static void name_if_there(cJSON *faults, const char *path) {
  berg_error why;
  if (!model_path_exists(path)) return;
  base_fail(&why, BERG_EINPUT, "%s: is damaged, cut short, or of another run", path);
  io_json_add_text(faults, NULL, why.message);
}

/* The files of blocks that are not among the panels `done`. */
static berg_status name_blocks(const train_plan *plan, size_t of, const char *path, const io_ranges *done,
                               cJSON *faults, berg_error *error) {
  const size_t block = train_set_block(plan, of), count = train_set_panels(plan, of);
  io_range gap;
  for (size_t first = 0; first < count; first += block) {
    const size_t end = first + block < count ? first + block : count;
    if (!io_ranges_gap(done, first, end, &gap)) continue;
    char *part = train_pca_part_path(path, first / block, error);
    if (!part) return BERG_ELIMIT;
    name_if_there(faults, part);
    base_free(part);
  }
  return BERG_OK;
}

/* The sum of the Gram matrix counts from the first panel on; other files hold everything. */
berg_status train_set_check(const train_plan *plan, const train_stage_kind *kind, size_t of, cJSON *faults,
                            berg_error *error) {
  io_ranges done = {.count = 0};
  bool is_whole = false;
  char *path = train_stage_path(plan, kind, of, error);
  berg_status status = path ? kind->done(plan, of, &done, &is_whole, error) : BERG_ELIMIT;
  if (!status && !is_whole) {
    if (kind != &train_gram_stage || !io_ranges_before(&done)) name_if_there(faults, path);
    status = name_blocks(plan, of, path, &done, faults, error);
  }
  base_free(path);
  return status;
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
