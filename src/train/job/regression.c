/* Stage "regression": every target of a subject (a voxel; a channel at a time) on the component scores, chunk by chunk;
 * a target is a row of a file that grows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/file/copy.h"
#include "io/file/folders.h"
#include "io/file/journal.h"
#include "io/file/whole_file.h"
#include "io/rows/rows.h"
#include "model/catalog/paths.h"
#include "train/pca/pca_file.h"
#include "train/job/plan.h"
#include "train/job/regression.h"
#include "train/job/parts.h"
#include "train/job/regression_files.h"
#include "train/job/regression_lines.h"
#include "train/job/responses.h"
#include "train/job/stages.h"
#include "train/regress/regress_job.h"

/* Voxels: reading fewer at a time would take longer than fitting them. */
#define LEAST_CHUNK 64

/* --- What it takes --- */

static bool is_ridge(const train_plan *plan) { return train_regression_is_ridge(&plan->job.regression); }

/* Then the chunks are part of the model. */
static bool has_alpha_for_chunk(const train_plan *plan) {
  return is_ridge(plan) && !plan->job.regression.alpha_per_voxel;
}

/* Coefficients, intercept, alpha where there is one, checksum. */
size_t train_regression_columns(const train_plan *plan) {
  return plan->job.components + 1 + (is_ridge(plan) ? 2 : 0) + 2;
}

size_t train_regression_chunks(const train_plan *plan, size_t s) {
  const train_job *job = &plan->job;
  const train_subject *subject = &job->subjects[s];
  train_machine machine = plan->machine;
  machine.memory = job->memory > PLAN_PROGRAM ? job->memory - PLAN_PROGRAM : 1;
  const size_t chunks = job->regression.chunks ? job->regression.chunks
                                               : train_chunks_for(subject->trials, job->components, subject->targets,
                                                                  &job->regression, &machine);
  return chunks < subject->targets ? chunks : subject->targets;
}

static size_t count(const train_plan *plan, size_t s) { return plan->job.subjects[s].targets; }

static uint64_t hash(const train_plan *plan, size_t s) {
  const train_subject *subject = &plan->job.subjects[s];
  const berg_regression_options *options = &plan->job.regression;
  uint64_t hash = train_plan_hash(plan, &train_components_stage, subject->set);
  hash = train_hash_rows(hash, subject->rows, subject->trials);
  for (size_t o = 0; o < MODEL_OUTPUTS_MAX && subject->responses[o]; o++)
    hash = model_hash_file(hash, subject->responses[o]);
  if (subject->places) hash = train_hash_rows(hash, subject->places, subject->stored);
  hash = base_hash_text(hash, options->method);
  if (!is_ridge(plan)) return hash;
  hash = base_hash_number(hash, options->alpha_count);
  if (options->alphas) hash = base_hash_bytes(hash, options->alphas, options->alpha_count * sizeof *options->alphas);
  hash = base_hash_number(hash, options->folds);
  hash = base_hash_number(hash, options->alpha_per_voxel != 0);
  return has_alpha_for_chunk(plan) ? base_hash_number(hash, plan->chunks[s]) : hash;
}

/* What is held for all chunks: the scores and their factors. */
static size_t held(const train_plan *plan, size_t s) {
  const size_t trials = plan->job.subjects[s].trials, k = plan->job.components;
  return PLAN_PROGRAM + trials * k * sizeof(float) +
         regress_shared_memory(trials, k, &plan->job.regression, plan->job.threads);
}

/* Responses, with a part of them in double where they are stored so; coefficients, and the rows as they go to the
 * file. */
static size_t memory_of_chunk(const train_plan *plan, size_t s, size_t targets) {
  return targets * (sizeof(float) * (plan->job.subjects[s].trials + 2 * plan->job.components + 4) +
                    sizeof(double) * (TRAIN_CONVERTED + 1));
}

static size_t longest_chunk(const train_plan *plan, size_t s) {
  return (plan->job.subjects[s].targets + plan->chunks[s] - 1) / plan->chunks[s];
}

static size_t memory(const train_plan *plan, size_t s) {
  return held(plan, s) + memory_of_chunk(plan, s, longest_chunk(plan, s));
}

static size_t least(const train_plan *plan, size_t s) {
  return plan->job.regression.chunks ? memory(plan, s) : held(plan, s) + memory_of_chunk(plan, s, LEAST_CHUNK);
}

static uint64_t disk(const train_plan *plan, size_t s) {
  return (uint64_t)plan->job.subjects[s].targets * train_regression_columns(plan) * sizeof(float);
}

static train_cost cost(const train_plan *plan, size_t s, size_t targets) {
  const train_subject *subject = &plan->job.subjects[s];
  const double trials = (double)subject->trials, v = (double)targets, k = (double)plan->job.components;
  double flop = 2 * trials * k * v;
  /* the covariances of all trials less those of a fold, and for each alpha the predictions of each fold */
  if (is_ridge(plan)) flop *= 1 + (double)plan->job.regression.alpha_count;
  return (train_cost){flop, (double)subject->stored * v * (subject->dtype == BERG_F64 ? 8 : 4),
                      v * (double)train_regression_columns(plan) * sizeof(float)};
}

/* --- Ranges of targets --- */

/* What all chunks of a subject share. */
typedef struct chunks {
  const train_plan *plan;
  size_t subject;
  float *scores; /* [trials][components] */
  train_regression *regression;
  train_responses *responses;
  io_rows *rows;    /* of the file at hand */
  size_t origin;    /* target of its first line */
  float *block;     /* [trials][longest chunk] */
  float *fitted;    /* [longest chunk][components] */
  float *intercept; /* [longest chunk] */
  double *alphas;   /* [longest chunk] */
  float *lines;     /* [longest chunk][columns of the file] */
} chunks;

static int ascending(const void *a, const void *b) {
  size_t x = *(const size_t *)a, y = *(const size_t *)b;
  return (x > y) - (x < y);
}

/* The rows of the PCA are in the order of the store; the subject's trials are in their own. */
static berg_status order_scores(chunks *c, berg_error *error) {
  const train_job *job = &c->plan->job;
  const train_subject *subject = &job->subjects[c->subject];
  const train_set *set = &job->sets[subject->set];
  const size_t k = job->components;
  train_pca_file pca;
  char *path = train_stage_path(c->plan, &train_components_stage, subject->set, error);
  c->scores = base_alloc_large(subject->trials * k, sizeof *c->scores, error);
  berg_status status = path && c->scores ? BERG_OK : BERG_ELIMIT;
  if (!status) status = train_pca_file_open(&pca, path, set->count, job->features, k, job->threads, error);
  base_free(path);
  if (status) return status;
  for (size_t t = 0; t < subject->trials; t++) {
    const size_t *row = bsearch(&subject->rows[t], set->rows, set->count, sizeof *row, ascending);
    memcpy(c->scores + t * k, pca.pca.scores + (size_t)(row - set->rows) * k, k * sizeof *c->scores);
  }
  train_pca_file_close(&pca);
  return BERG_OK;
}

static berg_status make_buffers(chunks *c, berg_error *error) {
  const train_job *job = &c->plan->job;
  const size_t targets = longest_chunk(c->plan, c->subject);
  c->block = base_alloc_large(job->subjects[c->subject].trials * targets, sizeof *c->block, error);
  c->fitted = base_alloc_large(targets * job->components, sizeof *c->fitted, error);
  c->intercept = base_alloc(targets, sizeof *c->intercept, error);
  c->alphas = base_alloc(targets, sizeof *c->alphas, error);
  c->lines = base_alloc_large(targets * train_regression_columns(c->plan), sizeof *c->lines, error);
  return c->block && c->fitted && c->intercept && c->alphas && c->lines ? BERG_OK : BERG_ELIMIT;
}

static berg_status begin(chunks *c, berg_error *error) {
  const train_job *job = &c->plan->job;
  const train_subject *subject = &job->subjects[c->subject];
  berg_status status = order_scores(c, error);
  if (!status) status = make_buffers(c, error);
  if (!status) status = train_responses_open(&c->responses, subject, job->layout, error);
  const train_scores scores = {c->scores, subject->trials, job->components};
  if (!status) status = train_regression_new(&c->regression, &scores, &job->regression, &c->plan->machine, error);
  return status;
}

static void release(chunks *c) {
  train_regression_free(c->regression);
  train_responses_close(c->responses);
  base_free_large(c->scores);
  base_free_large(c->block);
  base_free_large(c->fitted);
  base_free_large(c->lines);
  base_free(c->intercept);
  base_free(c->alphas);
}

/* Alphas and checksums keep all their bits: the two halves are two columns. `first`: the target of the first line. */
static void write_lines(const chunks *c, size_t first, size_t number) {
  const size_t k = c->plan->job.components, columns = train_regression_columns(c->plan);
  for (size_t v = 0; v < number; v++) {
    float *line = c->lines + v * columns;
    memcpy(line, c->fitted + v * k, k * sizeof *line);
    line[k] = c->intercept[v];
    if (is_ridge(c->plan)) memcpy(line + k + 1, &c->alphas[v], sizeof *c->alphas);
  }
  train_lines_seal(
      c->lines, &(train_lines){columns, first, train_plan_hash(c->plan, &train_regression_stage, c->subject)}, number);
}

/* Names the first response of targets from `first` on that is not finite: the regression knows its place in the chunk
 * alone. */
static berg_status blame_response(const chunks *c, size_t first, size_t number, berg_status status, berg_error *error) {
  const train_job *job = &c->plan->job;
  const train_subject *subject = &job->subjects[c->subject];
  size_t at = 0, output = 0, column;
  while (at < subject->trials * number && isfinite(c->block[at])) at++;
  if (at == subject->trials * number) return status;
  for (column = first + at % number; column >= subject->columns[output]; output++) column -= subject->columns[output];
  char what[96];
  base_print(what, sizeof what, "trial %zu, column %zu (from 0) cannot be regressed", at / number, column);
  return base_fail_at(error, &(base_fault){status, subject->responses[output], BERG_NO_OFFSET,
                                           job->layout->prepared.dataset, what, "finite numbers", "NaN or infinity"});
}

/* Voxels [first, end) of a chunk: their bits do not depend on the others, but a common alpha does, which takes all of
 * them. */
static berg_status fit_chunk(chunks *c, io_range chunk, size_t first, size_t end, berg_error *error) {
  const train_targets targets = train_responses_targets(c->responses);
  if (!has_alpha_for_chunk(c->plan)) chunk = (io_range){first, end};
  const size_t number = chunk.end - chunk.first;
  berg_status status = targets.read(targets.user, chunk.first, number, c->block, error);
  if (!status) status = train_regress(c->regression, c->block, number, c->fitted, c->intercept, c->alphas, error);
  if (status == BERG_ESTIMULUS) return blame_response(c, chunk.first, number, status, error);
  if (status) return status;
  write_lines(c, chunk.first, number);
  return io_rows_put(c->rows, first - c->origin, c->lines + (first - chunk.first) * train_regression_columns(c->plan),
                     end - first, error);
}

static berg_status fit_chunks(chunks *c, const train_stage *stage, size_t first, size_t end, berg_error *error) {
  const size_t targets = count(c->plan, c->subject), number = c->plan->chunks[c->subject];
  berg_status status = BERG_OK;
  for (size_t i = 0; i < number && !status; i++) {
    size_t from, length;
    train_chunk(targets, number, i, &from, &length);
    const io_range chunk = {from, from + length};
    const size_t top = from > first ? from : first, bottom = chunk.end < end ? chunk.end : end;
    if (top >= bottom) continue;
    status = train_stage_progress(stage, top, error);
    if (!status) status = fit_chunk(c, chunk, top, bottom, error);
  }
  return status ? status : train_stage_progress(stage, end, error);
}

/* --- Files --- */

/* Targets [first, end) of those that the file has a place for, but for the safe ones; a part that is complete then
 * appears. */
static berg_status fill(chunks *c, const train_step *step, const char *path, io_range file, io_range targets,
                        bool goes_on, berg_error *error) {
  c->origin = file.first;
  berg_status status = train_target_open(&c->rows, c->plan, c->subject, path, file, goes_on, error);
  if (status) return status;
  const io_ranges safe = *io_rows_done(c->rows);
  io_range gap = {targets.first - file.first, targets.first - file.first};
  while (!status && io_ranges_gap(&safe, gap.end, targets.end - file.first, &gap))
    status = fit_chunks(c, step->stage, file.first + gap.first, file.first + gap.end, error);
  const bool is_part =
      file.end - file.first < count(c->plan, c->subject) || step->share.end || c->plan->job.options->scratch;
  const bool is_complete = io_ranges_before(io_rows_done(c->rows)) == file.end - file.first;
  if (!status)
    status = is_part && is_complete ? io_rows_finish(c->rows, &(io_labels){.row_names = NULL}, error)
                                    : io_rows_keep(c->rows, error);
  io_rows_free(c->rows, status ? error : NULL);
  return status;
}

/* From a node's own disk to the work folder. */
static berg_status place(const chunks *c, const char *path, io_range file, berg_error *error) {
  char *placed = train_target_path(c->plan, c->subject, c->plan->job.work, file, false, error);
  berg_status status = placed ? io_copy_file(path, placed, error) : BERG_ELIMIT;
  base_free(placed);
  return status ? status : io_remove_file(path, error);
}

/* Which of the files has a place for the target, and room in its journal. */
static berg_status choose(const train_step *step, const train_target_files *files, size_t target, size_t *chosen,
                          berg_error *error) {
  const io_range all = {0, count(step->plan, step->of)};
  io_range *ranges = base_calloc(files->count, sizeof *ranges, error);
  if (!ranges) return BERG_ELIMIT;
  for (size_t f = 0; f < files->count; f++) {
    const train_target_file *file = &files->list[f];
    if (file->is_partial && file->targets.count && file->targets.count < IO_JOURNAL_RANGES) ranges[f] = file->range;
  }
  *chosen = train_part_choose(ranges, files->count, step->share.end ? step->share : all, target);
  base_free(ranges);
  return BERG_OK;
}

/* Targets from `*first` on, before `end`, as far as one file goes. On a node's own disk all of the file: there it must
 * become complete. */
static berg_status run_in_files(chunks *c, const train_step *step, const train_target_files *files, const char *folder,
                                size_t *first, size_t end, berg_error *error) {
  const bool is_scratch = c->plan->job.options->scratch != NULL;
  size_t chosen = 0;
  char *path = NULL;
  io_range file = {*first, end};
  berg_status status = choose(step, files, *first, &chosen, error);
  const bool goes_on = chosen < files->count;
  if (!status && goes_on) {
    file = files->list[chosen].range;
    path = base_copy_text(files->list[chosen].path, error);
  } else if (!status) {
    path = train_target_path(c->plan, c->subject, folder, file, !step->share.end && !is_scratch, error);
  }
  const io_range targets = is_scratch ? file : (io_range){*first, end < file.end ? end : file.end};
  if (!status) status = path ? fill(c, step, path, file, targets, goes_on, error) : BERG_ELIMIT;
  if (!status && is_scratch) status = place(c, path, file, error);
  *first = file.end;
  base_free(path);
  return status;
}

static berg_status run_in_folder(chunks *c, const train_step *step, size_t first, size_t end, berg_error *error) {
  const train_job *job = &c->plan->job;
  const char *folder = job->options->scratch ? job->options->scratch : job->work;
  berg_status status = io_make_folders(folder, error);
  while (!status && first < end) {
    train_target_files files;
    status = train_target_files_find(&files, c->plan, c->subject, folder, NULL, error);
    if (!status) status = run_in_files(c, step, &files, folder, &first, end, error);
    train_target_files_release(&files);
  }
  return status;
}

static berg_status run(const train_step *step, size_t first, size_t end, berg_error *error) {
  chunks c = {.plan = step->plan, .subject = step->of};
  berg_status status = begin(&c, error);
  if (!status) status = run_in_folder(&c, step, first, end, error);
  release(&c);
  return status;
}

static berg_status merge(const train_step *step, berg_error *error) {
  return train_targets_join(step->plan, step->of, error);
}

const train_stage_kind train_regression_stage = {
    .name = "regression",
    .unit = "voxels", /* of other models "targets" (train_stage_unit) */
    .scope = TRAIN_OF_SUBJECT,
    .prefix = "berg-regression_",
    .ending = ".npy",
    .has_lapack = true,
    .count = count,
    .hash = hash,
    .memory = memory,
    .least = least,
    .disk = disk,
    .cost = cost,
    .done = train_targets_done,
    .check = train_targets_check,
    .run = run,
    .merge = merge,
    .tidy = train_targets_tidy,
};
