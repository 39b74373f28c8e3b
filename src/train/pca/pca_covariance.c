/* Fewer features than rows, all in memory: components are eigenvectors of Z^T Z, all of it in float64. */
#include <math.h>

#include "base/memory.h"
#include "la/blas.h"
#include "train/pca/pca_job.h"

/* Rows that are turned into doubles at a time. */
#define ROWS 512

/* Rows [first, first + count) of Z less the means of the columns, which rounding to float32 left different from 0. */
static void widen(const pca_job *job, const la_block *block, size_t first, size_t count, double *to) {
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < block->columns; j++)
      to[i * block->columns + j] = block->values[(first + i) * block->ld + j] - job->z_mean[j];
}

static size_t rows_at(const la_block *block, size_t first) {
  return block->rows - first < ROWS ? block->rows - first : ROWS;
}

static berg_status read_panel(pca_job *job, float **panel, la_block *block, berg_error *error) {
  *panel = base_alloc_large(pca_panel_floats(job), sizeof(float), error);
  if (!*panel) return BERG_ELIMIT;
  berg_status status = job->panels->read(job->panels->user, 0, *panel, error);
  if (status) return status;
  *block = pca_arrange(job, 0, *panel);
  return pca_fit_moments(job, 0, block, error);
}

static berg_status find_components(pca_job *job, const la_block *block, double *rows, const berg_run *run,
                                   berg_error *error) {
  const size_t p = block->columns;
  double *covariance = base_alloc_large(p * p, sizeof *covariance, error);
  if (!covariance) return BERG_ELIMIT;
  train_stage_begin(&job->stage, run, "gram", "rows", block->rows);
  berg_status status = train_stage_progress(&job->stage, 0, error);
  for (size_t i = 0; i < p * p; i++) covariance[i] = 0;
  for (size_t first = 0; first < block->rows && !status; first += ROWS) {
    const size_t count = rows_at(block, first);
    widen(job, block, first, count, rows);
    status = la_multiply(job->machine->kernels, p, p, count, 1, (la_operand){rows, p, true},
                         (la_operand){rows, p, false}, 1, covariance, p, job->machine->threads, error);
    if (!status) status = train_stage_progress(&job->stage, first + count, error);
  }
  /* the products of the two triangles may have been summed in different orders */
  for (size_t i = 0; i < p; i++)
    for (size_t j = 0; j < i; j++) covariance[j * p + i] = covariance[i * p + j];
  if (!status) train_stage_begin(&job->stage, run, "eigenvectors", "eigenvectors", job->pca->components);
  if (!status) status = pca_eigenvectors(job, covariance, p, error);
  base_free_large(covariance);
  return status;
}

berg_status pca_by_covariance(pca_job *job, const berg_run *run, berg_error *error) {
  const size_t p = job->panels->columns, k = job->pca->components;
  float *panel = NULL;
  la_block block;
  double *rows = base_alloc(ROWS * p, sizeof *rows, error), *scores = base_alloc(ROWS * k, sizeof *scores, error);
  berg_status status = rows && scores ? read_panel(job, &panel, &block, error) : BERG_ELIMIT;
  if (!status) status = find_components(job, &block, rows, run, error);
  for (size_t i = 0; i < k * p && !status; i++) job->pca->directions[i] = (float)job->vectors[i];
  for (size_t first = 0; first < job->panels->rows && !status; first += ROWS) {
    const size_t count = rows_at(&block, first);
    widen(job, &block, first, count, rows);
    status = la_multiply(job->machine->kernels, count, k, p, 1, (la_operand){rows, p, false},
                         (la_operand){job->vectors, p, true}, 0, scores, k, job->machine->threads, error);
    for (size_t i = 0; i < count * k; i++) job->pca->scores[first * k + i] = (float)scores[i];
  }
  base_free_large(panel);
  base_free(rows);
  base_free(scores);
  return status;
}
