/* The second pass: components = S^-1 U^T Z, a panel at a time, and with float32 products their overlaps for the
 * correction, summed block by block. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "base/team.h"
#include "la/blas.h"
#include "la/columns.h"
#include "train/pca/pca_job.h"

/* Columns that are turned into doubles at a time. */
#define EXACT_COLUMNS 64

void pca_projection_close(pca_projection *p) {
  base_free_large(p->vectors);
  base_free_large(p->sums);
  base_free_large(p->buffers);
  la_gram_free(p->gram);
}

berg_status pca_projection_make(pca_projection *p, pca_job *job, size_t components, berg_error *error) {
  const size_t team = (size_t)job->machine->threads;
  *p = (pca_projection){.job = job, .components = components, .pitch = la_pitch(job->panels->rows)};
  if (job->exact) return BERG_OK;
  p->vectors = base_alloc_large(components * p->pitch, sizeof(float), error);
  p->sums = base_alloc_large(team * components * PCA_STRIP, sizeof(double), error);
  p->buffers = base_alloc_large(team, LA_BUFFER_BYTES, error);
  if (p->vectors && p->sums && p->buffers) return BERG_OK;
  pca_projection_close(p);
  return BERG_ELIMIT;
}

berg_status pca_projection_open(pca_projection *p, pca_job *job, berg_error *error) {
  const train_machine *machine = job->machine;
  const size_t n = job->panels->rows, k = job->pca->components;
  berg_status status = pca_projection_make(p, job, k, error);
  if (status || job->exact) return status;
  status = la_gram_new(&p->gram, machine->floats, machine->kernels, k, train_panel_width(job->panels, 0),
                       machine->threads, error);
  if (status) {
    pca_projection_close(p);
    return status;
  }
  for (size_t c = 0; c < k; c++)
    for (size_t i = 0; i < n; i++)
      p->vectors[c * p->pitch + i] = (float)(job->vectors[c * n + i] / sqrt(job->values[c]));
  return BERG_OK;
}

/* One panel of Z, and where its columns of the components go. */
typedef struct panel_task {
  const pca_projection *p;
  const la_block *block;
  float *directions; /* [components][ld] */
  size_t ld;
} panel_task;

/* PCA_STRIP columns of the components from those of Z. */
static void project_strip(void *user, size_t index, size_t rank) {
  const panel_task *task = user;
  const pca_projection *p = task->p;
  const la_block *block = task->block;
  const train_machine *machine = p->job->machine;
  const size_t k = p->components, first = index * PCA_STRIP, left = block->columns - first,
               width = left < PCA_STRIP ? left : PCA_STRIP;
  float *directions = task->directions + first;
  double *sums = p->sums + rank * k * PCA_STRIP;
  const la_columns z = {block->values + first, block->rows, width, block->ld, LA_PANEL};
  memset(sums, 0, k * PCA_STRIP * sizeof *sums);
  la_columns_multiply(machine->floats, machine->kernels, p->vectors, k, p->pitch, &z, sums, PCA_STRIP,
                      p->buffers + rank * (LA_BUFFER_BYTES / sizeof(float)));
  for (size_t c = 0; c < k; c++)
    for (size_t j = 0; j < width; j++) directions[c * task->ld + j] = (float)sums[c * PCA_STRIP + j];
}

void pca_project_panel(const pca_projection *p, const la_block *block, float *directions, size_t ld) {
  const panel_task task = {p, block, directions, ld};
  base_share(p->job->machine->threads, (block->columns + PCA_STRIP - 1) / PCA_STRIP, project_strip,
             (void *)(uintptr_t)&task);
}

/* The same in float64, which needs no correction. */
static berg_status project_exactly(const panel_task *task, berg_error *error) {
  const pca_job *job = task->p->job;
  const la_block *block = task->block;
  const size_t n = block->rows, k = job->pca->components;
  double *z = base_alloc(n * EXACT_COLUMNS, sizeof *z, error),
         *product = base_alloc(k * EXACT_COLUMNS, sizeof *product, error);
  berg_status status = z && product ? BERG_OK : BERG_ELIMIT;
  for (size_t first = 0; first < block->columns && !status; first += EXACT_COLUMNS) {
    const size_t width = block->columns - first < EXACT_COLUMNS ? block->columns - first : EXACT_COLUMNS;
    for (size_t i = 0; i < n; i++)
      for (size_t c = 0; c < width; c++) z[i * width + c] = block->values[i * block->ld + first + c];
    status = la_multiply(job->machine->kernels, k, width, n, 1, (la_operand){job->vectors, n, false},
                         (la_operand){z, width, false}, 0, product, width, job->machine->threads, error);
    for (size_t c = 0; c < k; c++)
      for (size_t j = 0; j < width; j++)
        task->directions[c * task->ld + first + j] = (float)(product[c * width + j] / sqrt(job->values[c]));
  }
  base_free(z);
  base_free(product);
  return status;
}

/* The block's own sum, from zero, to that of all. */
static void take_overlap(const pca_projection *p, double *overlap) {
  const size_t k = p->components;
  double *own = la_gram_values(p->gram);
  for (size_t i = 0; i < k; i++)
    for (size_t j = 0; j <= i; j++) overlap[i * k + j] += own[i * k + j];
  memset(own, 0, k * k * sizeof *own);
}

berg_status pca_project(const pca_projection *p, train_read_ahead *reader, size_t first, size_t end, float *directions,
                        size_t ld, double *overlap, berg_error *error) {
  const pca_job *job = p->job;
  berg_status status = BERG_OK;
  for (size_t index = first; index < end && !status; index++) {
    float *panel = NULL;
    status = train_read_ahead_next(reader, &panel, error);
    if (status) break;
    la_block block = pca_arrange(job, index, panel);
    la_moments moments = pca_moments(job, index);
    la_moments_apply(job->machine->kernels, &block, &moments, job->machine->threads);
    const panel_task task = {p, &block, directions + (index - first) * job->panels->width, ld};
    if (job->exact) {
      status = project_exactly(&task, error);
    } else {
      pca_project_panel(p, &block, task.directions, ld);
      la_gram_add(p->gram, task.directions, ld, block.columns);
    }
    if (!status) status = train_stage_progress(&job->stage, index + 1, error);
  }
  if (!status && !job->exact) take_overlap(p, overlap);
  return status;
}
