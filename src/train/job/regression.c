/* The regression of one subject, chunk by chunk of its voxels; every voxel is a row of a file that grows. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/rows/rows.h"
#include "model/catalog/paths.h"
#include "train/pca/pca_file.h"
#include "train/job/subject.h"
#include "train/job/stages.h"

/* What all chunks of a subject share. */
typedef struct chunks {
  const train_plan *plan;
  size_t subject;
  float *scores; /* [trials][components] */
  train_regression *regression;
  train_responses *responses;
  io_rows *rows;
  size_t done;      /* voxels */
  size_t room;      /* of a chunk */
  float *block;     /* [trials][room] */
  float *fitted;    /* [room][components] */
  float *intercept; /* [room] */
  double *alphas;   /* [room] */
  float *lines;     /* [room][columns of the file] */
} chunks;

static int ascending(const void *a, const void *b) {
  size_t x = *(const size_t *)a, y = *(const size_t *)b;
  return (x > y) - (x < y);
}

/* The PCA has an image a row, in the store's order; the subject saw them in its own. */
static berg_status order_scores(chunks *c, const train_work *work, berg_error *error) {
  const train_job *job = &c->plan->job;
  const train_subject *subject = &job->subjects[c->subject];
  const train_set *set = &job->sets[subject->set];
  const size_t k = job->components;
  train_pca_file pca;
  char *path = train_work_pca(work, c->plan->pca_hash[subject->set], error);
  c->scores = base_alloc_large(subject->trials * k, sizeof *c->scores, error);
  berg_status status = path && c->scores ? BERG_OK : BERG_ELIMIT;
  if (!status) status = train_pca_file_open(&pca, path, set->count, job->features, k, error);
  base_free(path);
  if (status) return status;
  for (size_t t = 0; t < subject->trials; t++) {
    const size_t *row = bsearch(&subject->rows[t], set->rows, set->count, sizeof *row, ascending);
    memcpy(c->scores + t * k, pca.pca.scores + (size_t)(row - set->rows) * k, k * sizeof *c->scores);
  }
  train_pca_file_close(&pca);
  return BERG_OK;
}

static berg_status make_room(chunks *c, berg_error *error) {
  const train_job *job = &c->plan->job;
  const train_subject *subject = &job->subjects[c->subject];
  const size_t number = c->plan->chunks[c->subject];
  c->room = (subject->voxels + number - 1) / number;
  c->block = base_alloc_large(subject->trials * c->room, sizeof *c->block, error);
  c->fitted = base_alloc_large(c->room * job->components, sizeof *c->fitted, error);
  c->intercept = base_alloc(c->room, sizeof *c->intercept, error);
  c->alphas = base_alloc(c->room, sizeof *c->alphas, error);
  c->lines = base_alloc_large(c->room * train_regression_columns(job), sizeof *c->lines, error);
  return c->block && c->fitted && c->intercept && c->alphas && c->lines ? BERG_OK : BERG_ELIMIT;
}

static berg_status begin(chunks *c, const train_work *work, const char *path, berg_error *error) {
  char fingerprint[32];
  const train_job *job = &c->plan->job;
  const train_subject *subject = &job->subjects[c->subject];
  const train_scores *scores = &(train_scores){NULL, subject->trials, job->components};
  base_print(fingerprint, sizeof fingerprint, "regression %016" PRIx64, c->plan->regression_hash[c->subject]);
  berg_status status = order_scores(c, work, error);
  if (!status) status = make_room(c, error);
  if (!status) status = train_responses_open(&c->responses, subject, error);
  if (!status) {
    scores = &(train_scores){c->scores, subject->trials, job->components};
    status = train_regression_new(&c->regression, scores, &job->regression, &c->plan->machine, error);
  }
  if (!status)
    status = io_rows_open(&c->rows, path, train_regression_columns(job), fingerprint, false, true, &c->done, error);
  return status;
}

static void release(chunks *c) {
  io_rows_free(c->rows);
  train_regression_free(c->regression);
  train_responses_close(c->responses);
  base_free_large(c->scores);
  base_free_large(c->block);
  base_free_large(c->fitted);
  base_free_large(c->lines);
  base_free(c->intercept);
  base_free(c->alphas);
}

/* Alphas keep all their bits: the two halves of the double are two columns. */
static void write_lines(const chunks *c, size_t number) {
  const size_t k = c->plan->job.components, columns = train_regression_columns(&c->plan->job);
  for (size_t v = 0; v < number; v++) {
    float *line = c->lines + v * columns;
    memcpy(line, c->fitted + v * k, k * sizeof *line);
    line[k] = c->intercept[v];
    if (columns > k + 1) memcpy(line + k + 1, &c->alphas[v], sizeof *c->alphas);
  }
}

/* `already` of the chunk's voxels are in the file: the bits of a voxel do not depend on its chunk, but an alpha may. */
static berg_status fit_chunk(chunks *c, size_t first, size_t number, berg_error *error) {
  const size_t already = c->done > first ? c->done - first : 0;
  const train_targets targets = train_responses_targets(c->responses);
  berg_status status = targets.read(targets.user, first, number, c->block, error);
  if (!status) status = train_regress(c->regression, c->block, number, c->fitted, c->intercept, c->alphas, error);
  if (status) return status;
  write_lines(c, number);
  return io_rows_append(c->rows, c->lines + already * train_regression_columns(&c->plan->job), number - already, error);
}

static berg_status fit_chunks(chunks *c, const train_stage *stage, berg_error *error) {
  const size_t voxels = c->plan->job.subjects[c->subject].voxels, number = c->plan->chunks[c->subject];
  berg_status status = BERG_OK;
  for (size_t i = 0; i < number && !status; i++) {
    size_t first, count;
    train_chunk(voxels, number, i, &first, &count);
    if (first + count <= c->done) continue;
    status = train_stage_progress(stage, c->done > first ? c->done : first, error);
    if (!status) status = fit_chunk(c, first, count, error);
  }
  return status ? status : train_stage_progress(stage, voxels, error);
}

berg_status train_subject_regression(const train_plan *plan, const train_work *work, size_t s, train_report *report,
                                     berg_error *error) {
  const train_subject *subject = &plan->job.subjects[s];
  const berg_run run = train_report_run(report);
  chunks c = {.plan = plan, .subject = s};
  char *path = train_work_regression(work, subject->number, plan->regression_hash[s], error);
  if (!path) return BERG_ELIMIT;
  if (model_path_exists(path)) {
    base_free(path);
    return BERG_OK;
  }
  train_stage stage;
  train_stage_begin(&stage, &run, "regression", "voxels", subject->voxels);
  berg_status status = begin(&c, work, path, error);
  if (!status) status = fit_chunks(&c, &stage, error);
  if (!status) {
    train_report_describe(report, subject->number, subject->voxels - c.done,
                          train_cost_regression(&plan->job, s, subject->voxels - c.done));
    status = io_rows_finish(c.rows, &(io_labels){.axis_count = 0}, error);
  }
  train_report_close(report);
  release(&c);
  base_free(path);
  return status;
}
