/* The second pass: components = S^-1 U^T Z, a panel at a time, and with float32 products their overlaps for the correction. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/memory.h"
#include "la/blas.h"
#include "train/pca_job.h"

/* Columns of Z that are packed and multiplied at a time: 8,640 rows of them fill the second cache. */
#define STRIP 64

typedef struct projection {
  pca_job *job;
  size_t components, depth; /* rows of Z, padded */
  float *vectors;           /* [components][depth]: S^-1 U^T */
  float *products;          /* [padded components][padded width] of the panel at hand, for the overlaps */
  float *packed;            /* each thread: [depth][STRIP] */
  float *strip;             /* each thread: [components][STRIP] */
  char *scratch;
  size_t scratch_bytes;
  la_gram *overlap;
} projection;

static void release(projection *p) {
  base_free_large(p->vectors);
  base_free_large(p->products);
  base_free_large(p->packed);
  base_free(p->strip);
  base_free(p->scratch);
  la_gram_free(p->overlap);
}

static berg_status prepare(projection *p, pca_job *job, berg_error *error) {
  const size_t n = job->panels->rows, k = job->pca->components, width = train_panel_width(job->panels, 0),
               team = (size_t)job->machine->threads;
  *p = (projection){.job = job, .components = k, .depth = la_padded(n)};
  berg_status status = la_engine_plan(job->machine->engine, k, p->depth, STRIP, error);
  if (!status) status = la_gram_new(&p->overlap, job->machine->engine, k, width, job->machine->threads, error);
  if (status) return status;
  p->scratch_bytes = (la_engine_scratch(job->machine->engine) + BASE_ALIGNMENT) / BASE_ALIGNMENT * BASE_ALIGNMENT;
  p->vectors = base_alloc_large(k * p->depth, sizeof(float), error);
  p->products = base_alloc_large(la_gram_padded_rows(k) * la_padded(width), sizeof(float), error);
  p->packed = base_alloc_large(team * p->depth * STRIP, sizeof(float), error);
  p->strip = base_alloc(team * k * STRIP, sizeof(float), error);
  p->scratch = base_alloc(team, p->scratch_bytes, error);
  if (!(p->vectors && p->products && p->packed && p->strip && p->scratch)) return BERG_ELIMIT;
  memset(p->products, 0, la_gram_padded_rows(k) * la_padded(width) * sizeof(float));
  memset(p->vectors, 0, k * p->depth * sizeof(float));
  for (size_t c = 0; c < k; c++)
    for (size_t i = 0; i < n; i++)
      p->vectors[c * p->depth + i] = (float)(job->vectors[c * n + i] / sqrt(job->values[c]));
  return BERG_OK;
}

static berg_status project_panel(projection *p, size_t index, const la_block *block, berg_error *error) {
  const pca_job *job = p->job;
  const la_engine *engine = job->machine->engine;
  const size_t features = job->panels->columns, k = p->components, at = index * job->panels->width;
  bool done = true;
#pragma omp parallel num_threads(job->machine->threads) reduction(&& : done)
  {
    la_engine_enter_thread();
    const size_t rank = (size_t)omp_get_thread_num();
    float *packed = p->packed + rank * p->depth * STRIP, *strip = p->strip + rank * k * STRIP;
    const la_old_matrix matrix = {NULL, STRIP, p->depth, STRIP, packed};
#pragma omp for schedule(dynamic, 1)
    for (size_t first = 0; first < block->columns; first += STRIP) {
      const size_t width = block->columns - first < STRIP ? block->columns - first : STRIP;
      done = la_pack_columns(engine, p->depth, STRIP, block->values + first, block->ld, packed, NULL) == BERG_OK &&
             done && la_old_product(engine, k, &matrix, 0, p->vectors, strip, p->scratch + rank * p->scratch_bytes);
      for (size_t c = 0; c < k && done; c++) {
        memcpy(job->pca->directions + c * features + at + first, strip + c * STRIP, width * sizeof(float));
        memcpy(p->products + c * block->ld + first, strip + c * STRIP, STRIP * sizeof(float));
      }
    }
  }
  if (!done) return base_fail(error, BERG_EINTERNAL, "oneDNN could not multiply rows of %zu numbers", p->depth);
  return la_gram_add(p->overlap, p->products, block->columns, error);
}

/* The same in float64, which needs no correction. */
static berg_status project_exactly(const pca_job *job, size_t index, const la_block *block, berg_error *error) {
  const size_t n = block->rows, k = job->pca->components, at = index * job->panels->width;
  double *z = base_alloc(n * STRIP, sizeof *z, error), *product = base_alloc(k * STRIP, sizeof *product, error);
  berg_status status = z && product ? BERG_OK : BERG_ELIMIT;
  for (size_t first = 0; first < block->columns && !status; first += STRIP) {
    const size_t width = block->columns - first < STRIP ? block->columns - first : STRIP;
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
  const size_t count = train_panels_count(job->panels), width = la_padded(train_panel_width(job->panels, 0));
  train_read_ahead *reader;
  train_stage stage;
  train_stage_begin(&stage, job->run, "components", "panels", count);
  berg_status status = train_stage_progress(&stage, 0, error);
  if (!status) status = train_read_ahead_start(&reader, job->panels, 0, pca_padded_rows(job) * width, error);
  if (status) return status;
  for (size_t index = 0; index < count && !status; index++) {
    float *panel = NULL;
    status = train_read_ahead_next(reader, &panel, error);
    if (status) break;
    la_block block = pca_arrange(job, index, panel);
    la_moments moments = pca_moments(job, index);
    la_moments_apply(job->machine->kernels, &block, &moments, job->machine->threads);
    status = p ? project_panel(p, index, &block, error) : project_exactly(job, index, &block, error);
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
