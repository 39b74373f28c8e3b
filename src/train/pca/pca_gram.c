/* The first pass: moments of every feature, the Gram matrix of the rows, and the checkpoints between. */
#include <string.h>

#include "base/memory.h"
#include "base/team.h"
#include "la/blas.h"
#include "train/pca/pca_job.h"

#define CHECKPOINT_SECONDS 120
/* Columns that are turned into doubles at a time. */
#define EXACT_COLUMNS 512

/* The same as la_gram_add, all in float64, both triangles. */
static berg_status add_exactly(const pca_job *job, la_gram *gram, const la_block *block, berg_error *error) {
  const size_t n = block->rows;
  double *chunk = base_alloc(n * EXACT_COLUMNS, sizeof *chunk, error);
  if (!chunk) return BERG_ELIMIT;
  berg_status status = BERG_OK;
  for (size_t first = 0; first < block->columns && !status; first += EXACT_COLUMNS) {
    const size_t width = block->columns - first < EXACT_COLUMNS ? block->columns - first : EXACT_COLUMNS;
    for (size_t i = 0; i < n; i++)
      for (size_t c = 0; c < width; c++) chunk[i * width + c] = block->values[i * block->ld + first + c];
    status = la_multiply(n, n, width, 1, (la_operand){chunk, width, false}, (la_operand){chunk, width, true}, 1,
                         la_gram_values(gram), n, job->machine->threads, error);
  }
  base_free(chunk);
  return status;
}

static berg_status add_panel(pca_job *job, la_gram *gram, size_t index, float *panel, berg_error *error) {
  la_block block = pca_arrange(job, index, panel);
  berg_status status = pca_fit_moments(job, index, &block, error);
  if (status) return status;
  if (job->exact) return add_exactly(job, gram, &block, error);
  if (job->device) return model_device_gram_add(job->device, block.values, block.ld, block.columns, error);
  la_gram_add(gram, block.values, block.ld, block.columns);
  return BERG_OK;
}

/* Cancelled work is kept, too. */
static berg_status keep(const pca_job *job, la_gram *gram, size_t done, double *last, bool now, berg_error *error) {
  if (!job->options->checkpoint || (!now && base_machine_seconds() - *last < CHECKPOINT_SECONDS)) return BERG_OK;
  berg_status status = job->device ? model_device_gram_store(job->device, la_gram_values(gram), error) : BERG_OK;
  if (!status) status = pca_checkpoint_save(job, gram, done, error);
  *last = base_machine_seconds();
  return status;
}

static berg_status add_panels(pca_job *job, la_gram *gram, size_t done, berg_error *error) {
  const size_t count = train_panels_count(job->panels);
  train_read_ahead *reader;
  train_stage stage;
  double last = base_machine_seconds();
  train_stage_begin(&stage, job->run, "gram", "panels", count);
  berg_status status = train_stage_progress(&stage, done, error);
  if (status || done == count) return status;
  status = train_read_ahead_start(&reader, job->panels, done, pca_panel_floats(job), error);
  if (status) return status;
  while (done < count && !status) {
    float *panel = NULL;
    status = train_read_ahead_next(reader, &panel, error);
    if (!status) status = add_panel(job, gram, done, panel, error);
    if (status) break;
    done++;
    status = train_stage_progress(&stage, done, error);
    berg_status kept = keep(job, gram, done, &last, status == BERG_ECANCELLED || done == count, status ? NULL : error);
    if (!status) status = kept;
  }
  train_read_ahead_stop(reader);
  return status;
}

/* Rows of G that a thread takes at a time. */
#define ROWS ((size_t)16)

typedef struct centring {
  double *g;
  size_t n;
  double *mean; /* of each row */
  double all;   /* of all */
} centring;

static size_t end_of(const centring *c, size_t index) { return c->n - index * ROWS < ROWS ? c->n : (index + 1) * ROWS; }

static void find_means(void *user, size_t index, size_t rank) {
  const centring *c = user;
  (void)rank;
  for (size_t i = index * ROWS; i < end_of(c, index); i++) {
    double sum = 0;
    for (size_t j = 0; j < c->n; j++) sum += c->g[i * c->n + j];
    c->mean[i] = sum / (double)c->n;
  }
}

static void take_means_off(void *user, size_t index, size_t rank) {
  const centring *c = user;
  (void)rank;
  for (size_t i = index * ROWS; i < end_of(c, index); i++)
    for (size_t j = 0; j < c->n; j++) c->g[i * c->n + j] = c->g[i * c->n + j] - (c->mean[i] + c->mean[j]) + c->all;
}

/* G becomes that of rows without their mean: the columns of Z have a mean of about 1e-9, the scores shall have one of 0. */
static berg_status centre(double *g, size_t n, int threads, berg_error *error) {
  centring c = {.g = g, .n = n, .mean = base_alloc(n, sizeof *c.mean, error)};
  const size_t pieces = (n + ROWS - 1) / ROWS;
  if (!c.mean) return BERG_ELIMIT;
  base_share(threads, pieces, find_means, &c);
  for (size_t i = 0; i < n; i++) c.all += c.mean[i] / (double)n;
  base_share(threads, pieces, take_means_off, &c);
  base_free(c.mean);
  return BERG_OK;
}

/* Without the memory on the device, the processor does it. */
static berg_status open_device(pca_job *job, berg_error *error) {
  const size_t width = train_panel_width(job->panels, 0);
  if (!job->machine->device || job->exact) return BERG_OK;
  berg_status status = model_device_gram_open(&job->device, job->machine->device, job->panels->rows, width, error);
  return status == BERG_ELIMIT ? BERG_OK : status;
}

berg_status pca_gram(pca_job *job, la_gram **out, berg_error *error) {
  const size_t n = job->panels->rows;
  size_t done = 0;
  la_gram *gram;
  *out = NULL;
  const train_machine *machine = job->machine;
  berg_status status = la_gram_new(&gram, machine->floats, machine->kernels, n, train_panel_width(job->panels, 0),
                                   machine->threads, error);
  if (status) return status;
  status = open_device(job, error);
  if (!status && job->options->checkpoint && !pca_checkpoint_load(job, gram, &done)) done = 0;
  if (!status && done && job->device) status = model_device_gram_load(job->device, la_gram_values(gram), error);
  if (!status) status = add_panels(job, gram, done, error);
  if (!status && job->device) status = model_device_gram_store(job->device, la_gram_values(gram), error);
  model_device_gram_close(job->device);
  job->device = NULL;
  if (!status) {
    la_gram_mirror(gram);
    status = centre(la_gram_values(gram), n, machine->threads, error);
  }
  if (status)
    la_gram_free(gram);
  else
    *out = gram;
  return status;
}
