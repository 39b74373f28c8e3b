/* The table of stages, and what is the same for all of them. */
#include "train/job/stages.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "io/file/journal.h"
#include "io/file/whole_file.h"
#include "train/job/plan.h"

const train_stage_kind *const train_stages[TRAIN_STAGES] = {
    &train_features_stage,   &train_gram_stage,       &train_eigenvectors_stage,
    &train_components_stage, &train_regression_stage, &train_weights_stage,
};

char *train_stage_path(const train_plan *plan, const train_stage_kind *kind, size_t of, berg_error *error) {
  const char *work = plan->job.work;
  const uint64_t hash = train_plan_hash(plan, kind, of);
  if (kind->scope == TRAIN_OF_RUN) return base_format(error, "%s/%s%s", work, kind->prefix, kind->ending);
  if (kind->scope == TRAIN_OF_SET)
    return base_format(error, "%s/%s%016" PRIx64 "%s", work, kind->prefix, hash, kind->ending);
  return base_format(error, "%s/%s%s-%016" PRIx64 "%s", work, kind->prefix, plan->job.subjects[of].label, hash,
                     kind->ending);
}

const train_stage_kind *train_stage_named(const char *name, berg_error *error) {
  for (size_t i = 0; i < TRAIN_STAGES; i++)
    if (!strcmp(name, train_stages[i]->name)) return train_stages[i];
  base_fail(error, BERG_EPARAMETER,
            "stage '%s' is not known: expected features, gram, eigenvectors, components, regression or weights", name);
  return NULL;
}

const char *train_stage_unit(const train_plan *plan, const train_stage_kind *kind) {
  if (kind == &train_eigenvectors_stage && plan->job.by_products) return train_gram_stage.unit;
  return kind == &train_regression_stage ? train_targets_unit(&plan->job) : kind->unit;
}

size_t train_stage_grain(const train_plan *plan, const train_stage_kind *kind, size_t of) {
  return kind->grain ? kind->grain(plan, of) : 1;
}

berg_status train_stage_run(const train_step *step, const train_stage_kind *kind, size_t first, size_t end,
                            berg_error *error) {
  const size_t count = kind->count(step->plan, step->of), grain = train_stage_grain(step->plan, kind, step->of);
  if (first % grain || (end % grain && end != count) || first > end || end > count)
    return base_fail(error, BERG_EARGUMENT, "%s: %s %zu to %zu of %zu are no range by %zu", kind->name, kind->unit,
                     first, end, count, grain);
  return kind->run(step, first, end, error);
}

berg_status train_stage_remove(const train_plan *plan, const train_stage_kind *kind, size_t of, berg_error *error) {
  if (kind->remove) return kind->remove(plan, of, error);
  char *path = train_stage_path(plan, kind, of, error);
  berg_status status = path ? BERG_OK : BERG_ELIMIT;
  if (path) status = io_remove_file(path, error);
  base_free(path);
  return status;
}

uint64_t train_hash_rows(uint64_t hash, const size_t *rows, size_t count) {
  hash = base_hash_number(hash, count);
  for (size_t i = 0; i < count; i++) hash = base_hash_number(hash, rows[i]);
  return hash;
}

berg_status train_stage_noted(io_ranges *rows, const char *path, size_t columns, const char *fingerprint, size_t most,
                              berg_error *error) {
  int file;
  berg_status status = io_journal_open(&file, path, columns, fingerprint, rows, error);
  if (!status) close(file);
  if (status || io_ranges_end(rows) > most) *rows = (io_ranges){.count = 0};
  return status == BERG_ELIMIT || status == BERG_EWRITE ? status : BERG_OK;
}
