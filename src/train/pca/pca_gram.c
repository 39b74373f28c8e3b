/* The first pass: moments of every feature, and the Gram matrix of the rows, block by block of panels. */
#include <string.h>

#include "base/memory.h"
#include "la/blas.h"
#include "train/pca/pca_job.h"

/* Columns that are turned into doubles at a time. */
#define EXACT_COLUMNS 512

/* The same as la_gram_add, all in float64: stripes of rows as high as the tiles of a total. */
static berg_status add_exactly(const pca_job *job, la_gram *gram, const la_block *block, berg_error *error) {
  const size_t n = block->rows;
  double *chunk = base_alloc(n * EXACT_COLUMNS, sizeof *chunk, error);
  if (!chunk) return BERG_ELIMIT;
  berg_status status = BERG_OK;
  for (size_t first = 0; first < block->columns && !status; first += EXACT_COLUMNS) {
    const size_t width = block->columns - first < EXACT_COLUMNS ? block->columns - first : EXACT_COLUMNS;
    for (size_t i = 0; i < n; i++)
      for (size_t c = 0; c < width; c++) chunk[i * width + c] = block->values[i * block->ld + first + c];
    for (size_t top = 0; top < n && !status; top += LA_PANEL) {
      const size_t rows = n - top < LA_PANEL ? n - top : LA_PANEL;
      status = la_multiply(job->machine->kernels, rows, top + rows, width, 1,
                           (la_operand){chunk + top * width, width, false}, (la_operand){chunk, width, true}, 1,
                           la_gram_values(gram) + top * n, n, job->machine->threads, error);
    }
  }
  base_free(chunk);
  return status;
}

static berg_status add_panel(pca_job *job, la_gram *gram, size_t index, float *panel, berg_error *error) {
  la_block block = pca_arrange(job, index, panel);
  berg_status status = pca_fit_moments(job, index, &block, error);
  if (status || !gram) return status;
  if (job->exact) return add_exactly(job, gram, &block, error);
  if (job->device) return model_device_gram_add(job->device, block.values, block.ld, block.columns, error);
  la_gram_add(gram, block.values, block.ld, block.columns);
  return BERG_OK;
}

/* The block at hand to the total; the next one begins with zeros, also on the device. */
static berg_status settle(const pca_job *job, la_gram *gram, berg_error *error) {
  berg_status status = job->device ? model_device_gram_store(job->device, la_gram_values(gram), error) : BERG_OK;
  if (status) return status;
  la_gram_settle(gram);
  return job->device ? model_device_gram_load(job->device, la_gram_values(gram), error) : BERG_OK;
}

static berg_status add_next(pca_job *job, la_gram *gram, train_read_ahead *reader, size_t index, size_t end,
                            const pca_watch *watch, berg_error *error) {
  float *panel = NULL;
  berg_status status = train_read_ahead_next(reader, &panel, error);
  if (!status) status = add_panel(job, gram, index, panel, error);
  const bool ends = (index + 1) % pca_block(job) == 0 || index + 1 == end;
  if (!status && ends && gram) status = settle(job, gram, error);
  if (!status && ends && watch) status = watch->settled(watch->user, index + 1, error);
  return status ? status : train_stage_progress(&job->stage, index + 1, error);
}

berg_status pca_gram_add(pca_job *job, la_gram *gram, size_t first, size_t end, const pca_watch *watch,
                         berg_error *error) {
  train_read_ahead *reader;
  berg_status status = train_stage_progress(&job->stage, first, error);
  if (status || first == end) return status;
  status = train_read_ahead_start(&reader, job->panels, first, end, pca_panel_floats(job), error);
  if (status) return status;
  for (size_t index = first; index < end && !status; index++)
    status = add_next(job, gram, reader, index, end, watch, error);
  train_read_ahead_stop(reader);
  return status;
}

/* If the device has too little memory, the processor computes the products. */
static berg_status open_device(pca_job *job, berg_error *error) {
  const size_t width = train_panel_width(job->panels, 0);
  if (!job->machine->device || job->exact) return BERG_OK;
  berg_status status = model_device_gram_open(&job->device, job->machine->device, job->panels->rows, width, error);
  return status == BERG_ELIMIT ? BERG_OK : status;
}

berg_status pca_gram_open(pca_job *job, la_gram **gram, berg_error *error) {
  const train_machine *machine = job->machine;
  berg_status status = la_gram_new(gram, machine->floats, machine->kernels, job->panels->rows,
                                   train_panel_width(job->panels, 0), machine->threads, error);
  if (status) return status;
  status = la_gram_begin_total(*gram, error);
  if (!status) status = open_device(job, error);
  if (!status) return BERG_OK;
  pca_gram_close(job, *gram);
  *gram = NULL;
  return status;
}

void pca_gram_close(pca_job *job, la_gram *gram) {
  model_device_gram_close(job->device);
  job->device = NULL;
  la_gram_free(gram);
}
