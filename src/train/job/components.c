/* The PCA of one set of images, and its file. */
#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "train/pca/pca_file.h"
#include "train/job/stages.h"

/* The stages of train_pca_fit are told to the report as they begin; what they cost follows from their names. */
static void describe(const train_plan *plan, size_t set, size_t first, train_report *report) {
  for (size_t i = first; i < report->count; i++) {
    train_record *record = &report->records[i];
    record->total = strcmp(record->unit, "panels") ? plan->job.components
                                                   : plan->job.features / train_store_width(plan->job.tokens);
    record->cost = train_cost_pca(&plan->job, set, record->stage);
  }
}

berg_status train_components(const train_plan *plan, const train_work *work, size_t set, train_store *store,
                             train_report *report, berg_error *error) {
  char fingerprint[64];
  train_store_view view = {store, plan->job.sets[set].rows, plan->job.sets[set].count};
  const train_panels panels = train_store_panels(&view);
  const berg_run run = train_report_run(report);
  const size_t first = report->count;
  train_pca pca = {0};
  char *path = train_work_pca(work, plan->pca_hash[set], error);
  char *gram = train_work_gram(work, plan->pca_hash[set], error);
  berg_status status = path && gram ? BERG_OK : BERG_ELIMIT;
  base_print(fingerprint, sizeof fingerprint, "pca %016" PRIx64, plan->pca_hash[set]);
  if (!status) {
    const train_pca_options options = {
        .components = plan->job.components, .standardise = true, .checkpoint = gram, .fingerprint = fingerprint};
    status = train_pca_fit(&pca, &panels, &options, &plan->machine, &run, error);
  }
  if (!status) status = train_pca_write(&pca, path, error);
  train_report_close(report);
  describe(plan, set, first, report);
  train_pca_release(&pca);
  base_free(path);
  base_free(gram);
  return status;
}
