/* The feature pass: the encoder's batches, with every block's tokens going to the store while they are warm. */
#include <string.h>

#include "base/memory.h"
#include "io/file/journal.h"
#include "model/encode/encode.h"
#include "train/job/stages.h"

static berg_status take(void *user, const model_batch *batch, berg_error *error) {
  return train_store_taken(user, batch->indices[0], batch->indices[batch->images - 1] + 1, error);
}

static berg_status open_store(const train_plan *plan, const train_work *work, train_store **store, size_t *done,
                              berg_error *error) {
  char fingerprint[IO_JOURNAL_FINGERPRINT_MAX];
  io_ranges safe = {.count = 0};
  char *path = train_work_features(work, error), *journal = train_work_features_journal(work, error);
  berg_status status = path && journal ? BERG_OK : BERG_ELIMIT;
  train_plan_fingerprint(plan, fingerprint, sizeof fingerprint);
  if (!status)
    status =
        train_store_open(store, path, journal, fingerprint, plan->job.images.count, plan->job.tokens, &safe, error);
  *done = io_ranges_before(&safe);
  base_free(path);
  base_free(journal);
  return status;
}

berg_status train_features(train_plan *plan, const train_work *work, train_report *report, train_store **out,
                           berg_error *error) {
  const train_images *images = &plan->job.images;
  const berg_run run = train_report_run(report);
  berg_stimuli *stimuli = NULL;
  size_t done = 0;
  *out = NULL;
  berg_status status = open_store(plan, work, out, &done, error);
  if (status || done == images->count) return status;
  run.stage(run.user, "features", "images");
  train_report_describe(report, 0, images->count - done, train_cost_features(&plan->job, images->count - done));
  /* a NaN would else be found by the PCA, hours later */
  status = model_backbone_check(&plan->network->backbone, error);
  if (!status) status = berg_stimuli_open(&stimuli, (const char *const *)images->paths, images->count, NULL, error);
  const model_sink sink = {.wants = MODEL_FEATURES, .user = *out, .block = train_store_take_block, .take = take};
  if (!status) status = model_encode(plan->network, stimuli, done, &run, &sink, error);
  berg_stimuli_free(stimuli);
  /* also after a failure: what was computed is not lost */
  berg_status settled = train_store_settle(*out, status ? NULL : error);
  train_report_close(report);
  return status ? status : settled;
}
