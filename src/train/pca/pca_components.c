/* The second pass: components = S^-1 U^T Z, a panel at a time, and with float32 products their overlaps for the correction. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/team.h"
#include "la/blas.h"
#include "la/columns.h"
#include "train/pca/pca_job.h"

/* Columns that are turned into doubles at a time. */
#define EXACT_COLUMNS 64

typedef struct projection {
  pca_job *job;
  size_t components, pitch;
  float *vectors; /* [components][pitch] of the rows of Z: S^-1 U^T */
  double *sums;   /* each thread: [components][PCA_STRIP] */
  float *buffers; /* each thread */
  la_gram *overlap;
} projection;

static void release(projection *p) {
  base_free_large(p->vectors);
  base_free_large(p->sums);
  base_free_large(p->buffers);
  la_gram_free(p->overlap);
}

static berg_status prepare(projection *p, pca_job *job, berg_error *error) {
  const train_machine *machine = job->machine;
  const size_t n = job->panels->rows, k = job->pca->components, team = (size_t)machine->threads;
  *p = (projection){.job = job, .components = k, .pitch = la_pitch(n)};
  berg_status status = la_gram_new(&p->overlap, machine->floats, machine->kernels, k, train_panel_width(job->panels, 0),
                                   machine->threads, error);
  if (status) return status;
  p->vectors = base_alloc_large(k * p->pitch, sizeof(float), error);
  p->sums = base_alloc_large(team * k * PCA_STRIP, sizeof(double), error);
  p->buffers = base_alloc_large(team, LA_BUFFER_BYTES, error);
  if (!(p->vectors && p->sums && p->buffers)) return BERG_ELIMIT;
  for (size_t c = 0; c < k; c++)
    for (size_t i = 0; i < n; i++)
      p->vectors[c * p->pitch + i] = (float)(job->vectors[c * n + i] / sqrt(job->values[c]));
  return BERG_OK;
}

/* One panel of Z, and where its columns of the components go. */
typedef struct panel_task {
  const projection *p;
  const la_block *block;
  float *directions;
} panel_task;

/* PCA_STRIP columns of the components from those of Z. */
static void project_strip(void *user, size_t index, size_t rank) {
  const panel_task *task = user;
  const projection *p = task->p;
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
    for (size_t j = 0; j < width; j++) directions[c * p->job->panels->columns + j] = (float)sums[c * PCA_STRIP + j];
}

static void project_panel(const projection *p, size_t index, const la_block *block) {
  const train_panels *panels = p->job->panels;
  float *directions = p->job->pca->directions + index * panels->width;
  panel_task task = {p, block, directions};
  base_share(p->job->machine->threads, (block->columns + PCA_STRIP - 1) / PCA_STRIP, project_strip, &task);
  la_gram_add(p->overlap, directions, panels->columns, block->columns);
}

/* The same in float64, which needs no correction. */
static berg_status project_exactly(const pca_job *job, size_t index, const la_block *block, berg_error *error) {
  const size_t n = block->rows, k = job->pca->components, at = index * job->panels->width;
  double *z = base_alloc(n * EXACT_COLUMNS, sizeof *z, error),
         *product = base_alloc(k * EXACT_COLUMNS, sizeof *product, error);
  berg_status status = z && product ? BERG_OK : BERG_ELIMIT;
  for (size_t first = 0; first < block->columns && !status; first += EXACT_COLUMNS) {
    const size_t width = block->columns - first < EXACT_COLUMNS ? block->columns - first : EXACT_COLUMNS;
    for (size_t i = 0; i < n; i++)
      for (size_t c = 0; c < width; c++) z[i * width + c] = block->values[i * block->ld + first + c];
    status = la_multiply(k, width, n, 1, (la_operand){job->vectors, n, false}, (la_operand){z, width, false}, 0,
                         product, width, job->machine->threads, error);
    for (size_t c = 0; c < k; c++)
      for (size_t j = 0; j < width; j++)
        job->pca->directions[c * job->panels->columns + at + first + j] =
            (float)(product[c * width + j] / sqrt(job->values[c]));
  }
  base_free(z);
  base_free(product);
  return status;
}

static berg_status project_panels(projection *p, pca_job *job, berg_error *error) {
  const size_t count = train_panels_count(job->panels);
  train_read_ahead *reader;
  train_stage stage;
  train_stage_begin(&stage, job->run, "components", "panels", count);
  berg_status status = train_stage_progress(&stage, 0, error);
  if (!status) status = train_read_ahead_start(&reader, job->panels, 0, pca_panel_floats(job), error);
  if (status) return status;
  for (size_t index = 0; index < count && !status; index++) {
    float *panel = NULL;
    status = train_read_ahead_next(reader, &panel, error);
    if (status) break;
    la_block block = pca_arrange(job, index, panel);
    la_moments moments = pca_moments(job, index);
    la_moments_apply(job->machine->kernels, &block, &moments, job->machine->threads);
    if (p)
      project_panel(p, index, &block);
    else
      status = project_exactly(job, index, &block, error);
    if (!status) status = train_stage_progress(&stage, index + 1, error);
  }
  train_read_ahead_stop(reader);
  return status;
}

berg_status pca_components(pca_job *job, berg_error *error) {
  if (job->exact) return project_panels(NULL, job, error);
  projection p;
  berg_status status = prepare(&p, job, error);
  if (!status) status = project_panels(&p, job, error);
  if (!status) {
    la_gram_mirror(p.overlap);
    status = pca_correct(job, la_gram_values(p.overlap), error);
  }
  release(&p);
  return status;
}
