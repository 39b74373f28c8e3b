/* Stage "weights": one file of a subject out of the PCA's and the regression's. */
#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/file/folders.h"
#include "model/catalog/paths.h"
#include "train/pca/pca_file.h"
#include "train/job/plan.h"
#include "train/job/regression.h"
#include "train/job/regression_lines.h"
#include "train/regress/regress.h"
#include "train/job/stages.h"
#include "train/job/work.h"
#include "train/fit/weights.h"
#include "train/run/metadata.h"

/* The rows of the regression's file: coefficients, intercept, after ridge alpha, and a checksum, of one target each. */
static berg_status open_regression(const train_plan *plan, size_t s, const char *path, berg_file **file,
                                   train_weights *weights, berg_error *error) {
  const size_t columns = train_regression_columns(plan), k = plan->job.components;
  berg_status status = berg_file_open(file, path, error);
  if (status) return status;
  const berg_array *rows = berg_file_find(*file, "");
  if (!rows || rows->dtype != BERG_F32 || rows->ndim != 2 || rows->shape[0] != plan->job.subjects[s].targets ||
      rows->shape[1] != columns)
    return base_fail(error, BERG_EINPUT, "%s: does not fit this run", path);
  const train_lines lines = {columns, 0, train_plan_hash(plan, &train_regression_stage, s)};
  if (!train_lines_check(rows->data, &lines, rows->shape[0]))
    return base_fail(error, BERG_EINPUT, "%s: is not what was written (--resume does its stage again)", path);
  weights->targets = rows->shape[0];
  weights->target_bytes = columns * sizeof(float);
  weights->coefficients = rows->data;
  weights->intercepts = weights->coefficients + k;
  if (train_regression_is_ridge(&plan->job.regression)) weights->alphas = (const void *)(weights->intercepts + 1);
  return BERG_OK;
}

static berg_status write_weights(const train_subject *subject, const train_weights *weights, berg_error *error) {
  io_document document;
  io_entries entries;
  berg_status status = train_weights_document(&document, &entries, weights, error);
  if (!status) status = io_make_folders_for(subject->weights, error);
  if (!status) status = train_weights_save(&document, &entries, subject->weights, true, error);
  if (!status && subject->safetensors)
    status = train_weights_save(&document, &entries, subject->safetensors, true, error);
  io_arena_release(&document.arena);
  return status;
}

/* The regressions of the file: of each output, or of each repetition. None: there is one. ELIMIT. */
static berg_status make_parts(const train_job *job, const train_subject *subject, train_weights *weights,
                              train_part **out, berg_error *error) {
  const size_t outputs = model_layout_outputs(job->layout), repeats = job->layout->repeats ? subject->repeats : 0;
  const size_t count = repeats ? repeats : outputs > 1 ? outputs : 0;
  *out = NULL;
  if (!count) return BERG_OK;
  train_part *parts = *out = base_calloc(count, sizeof *parts, error);
  if (!parts) return BERG_ELIMIT;
  for (size_t i = 0; i < count; i++) {
    parts[i].targets = repeats ? subject->targets / repeats : subject->columns[i];
    if (repeats)
      base_print(parts[i].key, sizeof parts[i].key, "rep-%zu", i + 1);
    else
      base_print(parts[i].key, sizeof parts[i].key, "%s", job->layout->outputs[i].regression);
  }
  weights->parts = parts;
  weights->part_count = count;
  weights->repeats = repeats > 0;
  return BERG_OK;
}

/* The mark is written before the weights: weights found beside it belong to the run that is resumed. */
static berg_status mark_begun(const train_plan *plan, size_t s, berg_error *error) {
  char *mark = train_stage_path(plan, &train_weights_stage, s, error);
  berg_status status = mark ? train_work_mark(mark, error) : BERG_ELIMIT;
  base_free(mark);
  return status;
}

/* The mark that all is in place: `.begun` alone may stand beside files that were there before. base_free; NULL:
 * ELIMIT. */
static char *mark_of_whole(const train_plan *plan, size_t s, berg_error *error) {
  return base_format(error, "%s/%s%s-%016" PRIx64 ".whole", plan->job.work, train_weights_stage.prefix,
                     plan->job.subjects[s].label, train_plan_hash(plan, &train_weights_stage, s));
}

static berg_status mark_whole(const train_plan *plan, size_t s, berg_error *error) {
  char *mark = mark_of_whole(plan, s, error);
  berg_status status = mark ? train_work_mark(mark, error) : BERG_ELIMIT;
  base_free(mark);
  return status;
}

static berg_status done(const train_plan *plan, size_t s, io_ranges *files, bool *is_whole, berg_error *error) {
  const train_subject *subject = &plan->job.subjects[s];
  char *mark = mark_of_whole(plan, s, error);
  if (!mark) return BERG_ELIMIT;
  *is_whole = model_path_exists(mark) && model_path_exists(subject->weights) && model_path_exists(subject->metadata) &&
              (!subject->safetensors || model_path_exists(subject->safetensors));
  if (*is_whole) io_ranges_add(files, 0, train_weights_stage.count(plan, s));
  base_free(mark);
  return BERG_OK;
}

static berg_status write_files(const train_plan *plan, size_t s, const char *pca_path, const char *regression_path,
                               berg_error *error) {
  const train_job *job = &plan->job;
  const train_subject *subject = &job->subjects[s];
  train_pca_file pca = {.file = NULL};
  train_weights weights = {.pca = &pca.pca};
  berg_file *regression = NULL;
  train_part *parts = NULL;
  berg_status status = train_pca_file_open(&pca, pca_path, job->sets[subject->set].count, job->features,
                                           job->components, job->threads, error);
  if (!status) status = open_regression(plan, s, regression_path, &regression, &weights, error);
  if (!status) status = make_parts(job, subject, &weights, &parts, error);
  if (!status) status = train_metadata_copy(job->layout, subject->prepared, subject->metadata, error);
  if (!status) status = write_weights(subject, &weights, error);
  train_pca_file_close(&pca);
  berg_file_free(regression);
  base_free(parts);
  return status;
}

static berg_status run(const train_step *step, size_t first, size_t end, berg_error *error) {
  const train_plan *plan = step->plan;
  char *pca = train_stage_path(plan, &train_components_stage, plan->job.subjects[step->of].set, error);
  char *regression = train_stage_path(plan, &train_regression_stage, step->of, error);
  (void)first, (void)end;
  berg_status status = pca && regression ? mark_begun(plan, step->of, error) : BERG_ELIMIT;
  if (!status) status = write_files(plan, step->of, pca, regression, error);
  if (!status) status = mark_whole(plan, step->of, error);
  base_free(pca);
  base_free(regression);
  return status;
}

/* --- What it takes --- */

/* They are written together. */
static size_t count(const train_plan *plan, size_t s) { return plan->job.subjects[s].safetensors ? 2 : 1; }

static uint64_t hash(const train_plan *plan, size_t s) { return train_plan_hash(plan, &train_regression_stage, s); }

static uint64_t bytes_of_pca(const train_plan *plan, size_t s) {
  return train_components_stage.disk(plan, plan->job.subjects[s].set);
}

/* The maps of the PCA and of the coefficients, which are copied out of one file into another. */
static size_t memory(const train_plan *plan, size_t s) {
  return PLAN_PROGRAM + bytes_of_pca(plan, s) + train_regression_stage.disk(plan, s);
}

static uint64_t bytes_of_file(const train_plan *plan, size_t s) {
  const train_job *job = &plan->job;
  const size_t repeats = job->subjects[s].repeats;
  return train_pca_bytes(0, job->features, job->components) + train_regression_stage.disk(plan, s) +
         (repeats - 1) * (uint64_t)job->features * (job->components + 1) * sizeof(float); /* a PCA for each */
}

static uint64_t disk(const train_plan *plan, size_t s) { return bytes_of_file(plan, s) * count(plan, s); }

static train_cost cost(const train_plan *plan, size_t s, size_t files) {
  const double own = (double)bytes_of_file(plan, s);
  return (train_cost){0, own, own * (double)files};
}

const train_stage_kind train_weights_stage = {
    .name = "weights",
    .unit = "files",
    .scope = TRAIN_OF_SUBJECT,
    .prefix = "berg-weights_",
    .ending = ".begun",
    .count = count,
    .grain = count,
    .hash = hash,
    .memory = memory,
    .disk = disk,
    .cost = cost,
    .done = done,
    .run = run,
};
