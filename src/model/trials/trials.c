/* Opening simulated trials of a model: whether enough is known of it. */
#include "model/trials/trials.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/text.h"
#include "model/catalog/paths.h"
#include "model/trials/variance.h"

static berg_status check_model(const model_trials *t, berg_error *error) {
  const berg_model *model = t->model;
  const model_layout *layout = model->layout;
  const char *path;
  if (!layout->outputs[0].reliability)
    return base_fail(error, BERG_EPARAMETER,
                     "%s: no noise ceilings are known of this model, which simulated trials need", model->id);
  if (model->subjects[0].selection.means)
    return base_fail(error, BERG_EPARAMETER,
                     "means over regions have noise of their own: encode trials of the voxels, and average those");
  if (!layout->trials_are_z_scores && t->mode != MODEL_MATCHED)
    return base_fail(
        error, BERG_EPARAMETER,
        "%s: in the units of its responses the noise of a trial is not known: of the modes of trials it has "
        "matched alone, found %s",
        model->id, model_trials_mode_name(t->mode));
  if (!t->uses_variances || model_has_variances(model, &path)) return BERG_OK;
  return base_fail(error, BERG_EMODEL,
                   "%s: no explained_variance_ of the components, so that how much predictions vary is not known: %s",
                   path,
                   layout->trials_are_z_scores ? "of the modes of trials, prediction goes without"
                                               : "no mode of trials goes without");
}

/* The file's writer holds two rows at the least. */
static berg_status check_memory(const model_trials *t, berg_error *error) {
  const berg_model *model = t->model;
  size_t bytes = 0, needed;
  const bool fits = base_multiply(t->count, model->columns, &bytes) &&
                    base_multiply(bytes, 2 * sizeof(float), &bytes) &&
                    base_add(bytes, model_memory_needed(model, 1, false), &needed);
  if (fits && (!model->memory || needed <= model->memory)) return BERG_OK;
  if (!fits) return base_fail_memory(error, SIZE_MAX);
  return base_fail(error, BERG_ELIMIT, "%zu MB of memory are not enough for %zu trials of an image: these need %zu MB",
                   model->memory >> 20, t->count, (needed >> 20) + 1);
}

static berg_status tell(const model_trials *t, size_t subject, const berg_run *run, berg_error *error) {
  const char *name = t->model->subjects[subject].of_file;
  model_trials_counts all = {0};
  for (size_t o = 0; o < MODEL_OUTPUTS_MAX; o++) {
    const model_trials_counts *counts = &t->counts[subject * MODEL_OUTPUTS_MAX + o];
    all.columns += counts->columns;
    all.unknown += counts->unknown;
    all.beyond += counts->beyond;
    all.capped += counts->capped;
  }
  berg_status status = BERG_OK;
  if (all.unknown)
    status = base_warn(run->warn, run->user, error, "%s: %zu of %zu columns have no noise ceiling: it counts as 0",
                       name, all.unknown, all.columns);
  if (!status && all.beyond && t->mode == MODEL_COMPLETE)
    status = base_warn(
        run->warn, run->user, error,
        "%s: predictions of %zu of %zu columns vary more than their noise ceilings leave signal for: the trials "
        "of these vary more than measured ones",
        name, all.beyond, all.columns);
  if (!status && all.capped)
    status = base_warn(run->warn, run->user, error,
                       "%s: predictions of %zu of %zu columns hardly vary: they are scaled by %d and no more", name,
                       all.capped, all.columns, MODEL_TRIALS_GAIN);
  return status;
}

static berg_status allocate(model_trials *t, berg_error *error) {
  const size_t columns = t->model->columns;
  t->columns = base_alloc(columns, sizeof *t->columns, error);
  t->places = base_alloc(columns, sizeof *t->places, error);
  t->counts = base_calloc(t->model->subject_count * MODEL_OUTPUTS_MAX, sizeof *t->counts, error);
  return t->columns && t->places && t->counts ? BERG_OK : BERG_ELIMIT;
}

berg_status model_trials_open(model_trials **out, const berg_model *model, const berg_trials_options *options,
                              const berg_run *run, berg_error *error) {
  *out = NULL;
  model_trials *t = base_calloc(1, sizeof *t, error);
  if (!t) return BERG_ELIMIT;
  *t = (model_trials){.model = model,
                      .count = options->trials,
                      .seed = options->seed,
                      .average = options->average,
                      .common = options->common};
  berg_status status = model_trials_check(options, &t->mode, error);
  t->uses_variances = t->mode != MODEL_PREDICTION;
  if (!status) status = check_model(t, error);
  if (!status) status = check_memory(t, error);
  if (!status) status = allocate(t, error);
  if (!status) status = model_trials_plan(t, error);
  for (size_t s = 0; s < model->subject_count && !status; s++) status = tell(t, s, run, error);
  if (status)
    model_trials_free(t);
  else
    *out = t;
  return status;
}

void model_trials_free(model_trials *t) {
  if (!t) return;
  base_free(t->columns);
  base_free(t->places);
  base_free(t->spans);
  base_free(t->counts);
  base_free(t->keys);
  base_free(t);
}

uint64_t model_trials_hash(const model_trials *t, size_t subject, uint64_t hash) {
  char common[32];
  base_print(common, sizeof common, "%.17g", t->common);
  hash = base_hash_text(base_hash_text(hash, model_trials_mode_name(t->mode)), common);
  hash = base_hash_number(base_hash_number(base_hash_number(hash, t->count), t->seed), t->average);
  return model_hash_file(hash, berg_metadata_path(t->model->subjects[subject].metadata));
}
