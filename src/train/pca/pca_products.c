/* One pass over the panels: Z Z^T times a block of vectors. */
#include "train/pca/pca_products.h"

#include <string.h>

#include "base/memory.h"
#include "base/team.h"
#include "la/blas.h"
#include "la/turned.h"

/* Columns that are turned into doubles at a time. */
#define EXACT_COLUMNS ((size_t)512)
/* Rows of the sum that are transposed at a time. */
#define TURNED ((size_t)64)

static size_t pitch_of(size_t width) { return la_pitch(width); }

size_t pca_products_memory(size_t rows, size_t width, size_t most, int threads) {
  const size_t team = (size_t)threads;
  return 2 * rows * pitch_of(width) * sizeof(float) + most * la_pitch(rows) * sizeof(float) +
         team * (most * PCA_STRIP * sizeof(double) + LA_BUFFER_BYTES) + most * pitch_of(width) * sizeof(float) +
         la_turned_floats(most) * sizeof(float) + 2 * most * rows * sizeof(double);
}

berg_status pca_products_open(pca_products *products, pca_job *job, size_t most, berg_error *error) {
  const size_t rows = job->panels->rows, width = train_panel_width(job->panels, 0);
  *products = (pca_products){.job = job, .most = most};
  berg_status status = pca_projection_make(&products->projection, job, most, error);
  if (status) return status;
  products->directions = base_alloc_large(most, pitch_of(width) * sizeof(float), error);
  products->slabs = base_alloc_large(la_turned_floats(most), sizeof(float), error);
  products->sum = base_alloc_large(most * rows, sizeof(double), error);
  products->total = base_alloc_large(most * rows, sizeof(double), error);
  return products->directions && products->slabs && products->sum && products->total ? BERG_OK : BERG_ELIMIT;
}

void pca_products_close(pca_products *products) {
  pca_projection_close(&products->projection);
  base_free_large(products->directions);
  base_free_large(products->slabs);
  base_free_large(products->sum);
  base_free_large(products->total);
}

/* --- A panel --- */

static void add_panel(const pca_products *p, const la_block *block) {
  const train_machine *machine = p->job->machine;
  const size_t count = p->projection.components, ld = pitch_of(block->columns);
  pca_project_panel(&p->projection, block, p->directions, ld);
  la_turned_multiply(&(la_turned){.floats = machine->floats,
                                  .kernels = machine->kernels,
                                  .n = count,
                                  .k = block->columns,
                                  .w = p->directions,
                                  .ldw = ld,
                                  .slabs = p->slabs},
                     block->values, block->rows, block->ld, p->sum, count, machine->threads);
}

static berg_status add_chunk(const pca_products *p, const double *vectors, size_t count, const double *z, size_t width,
                             double *product, berg_error *error) {
  const size_t n = p->job->panels->rows;
  const int threads = p->job->machine->threads;
  berg_status status = la_multiply(p->job->machine->kernels, count, width, n, 1, (la_operand){vectors, n, false},
                                   (la_operand){z, width, false}, 0, product, width, threads, error);
  return status ? status
                : la_multiply(p->job->machine->kernels, n, count, width, 1, (la_operand){z, width, false},
                              (la_operand){product, width, true}, 1, p->sum, count, threads, error);
}

/* The same in float64. */
static berg_status add_panel_exactly(const pca_products *p, const double *vectors, size_t count, const la_block *block,
                                     berg_error *error) {
  const size_t n = block->rows;
  double *z = base_alloc(n * EXACT_COLUMNS, sizeof *z, error),
         *product = base_alloc(count * EXACT_COLUMNS, sizeof *product, error);
  berg_status status = z && product ? BERG_OK : BERG_ELIMIT;
  for (size_t first = 0; first < block->columns && !status; first += EXACT_COLUMNS) {
    const size_t left = block->columns - first, width = left < EXACT_COLUMNS ? left : EXACT_COLUMNS;
    for (size_t i = 0; i < n; i++)
      for (size_t c = 0; c < width; c++) z[i * width + c] = block->values[i * block->ld + first + c];
    status = add_chunk(p, vectors, count, z, width, product, error);
  }
  base_free(z);
  base_free(product);
  return status;
}

/* --- A block of panels, and all --- */

/* As if there were no more passes than are expected, until the search ends. */
static berg_status tell_panel(pca_products *p, berg_error *error) {
  const train_stage *stage = &p->job->stage;
  p->told += p->told + 1 < stage->total;
  return train_stage_progress(stage, p->told, error);
}

static berg_status sum_block(pca_products *p, const double *vectors, size_t count, train_read_ahead *reader,
                             size_t first, size_t end, berg_error *error) {
  const pca_job *job = p->job;
  berg_status status = BERG_OK;
  memset(p->sum, 0, count * job->panels->rows * sizeof *p->sum);
  for (size_t index = first; index < end && !status; index++) {
    float *panel = NULL;
    status = train_read_ahead_next(reader, &panel, error);
    if (status) break;
    la_block block = pca_arrange(job, index, panel);
    const la_moments moments = pca_moments(job, index);
    la_moments_apply(job->machine->kernels, &block, &moments, job->machine->threads);
    if (job->exact)
      status = add_panel_exactly(p, vectors, count, &block, error);
    else
      add_panel(p, &block);
    if (!status) status = tell_panel(p, error);
  }
  return status;
}

static berg_status sum_blocks(pca_products *p, const double *vectors, size_t count, berg_error *error) {
  const pca_job *job = p->job;
  const size_t panels = train_panels_count(job->panels), length = count * job->panels->rows;
  train_read_ahead *reader;
  berg_status status = train_read_ahead_start(&reader, job->panels, 0, panels, pca_panel_floats(job), error);
  if (status) return status;
  memset(p->total, 0, length * sizeof *p->total);
  for (size_t first = 0, end; first < panels && !status; first = end) {
    end = first + pca_block(job) < panels ? first + pca_block(job) : panels;
    status = sum_block(p, vectors, count, reader, first, end, error);
    for (size_t i = 0; i < length && !status; i++) p->total[i] += p->sum[i];
  }
  train_read_ahead_stop(reader);
  return status;
}

/* --- From [rows][count] to [count][rows], centred --- */

typedef struct turning {
  const double *from;
  double *to;
  size_t rows, count;
  float *floats; /* [count][pitch] */
  size_t pitch;
} turning;

static void turn_stripe(void *user, size_t index, size_t rank) {
  const turning *t = user;
  const size_t first = index * TURNED, end = first + TURNED < t->rows ? first + TURNED : t->rows;
  (void)rank;
  for (size_t c = 0; c < t->count; c++)
    for (size_t i = first; i < end; i++) t->to[c * t->rows + i] = t->from[i * t->count + c];
}

static void centre_row(void *user, size_t c, size_t rank) {
  const turning *t = user;
  double *row = t->to + c * t->rows, sum = 0;
  (void)rank;
  for (size_t i = 0; i < t->rows; i++) sum += row[i];
  for (size_t i = 0; i < t->rows; i++) row[i] -= sum / (double)t->rows;
}

/* The vectors less their means, in float32: both sides of the product are centred, so that it is symmetric. */
static void round_row(void *user, size_t c, size_t rank) {
  const turning *t = user;
  const double *row = t->from + c * t->rows;
  double sum = 0;
  (void)rank;
  for (size_t i = 0; i < t->rows; i++) sum += row[i];
  for (size_t i = 0; i < t->rows; i++) t->floats[c * t->pitch + i] = (float)(row[i] - sum / (double)t->rows);
}

static berg_status multiply(pca_products *p, const double *vectors, size_t count, berg_error *error) {
  const size_t n = p->job->panels->rows;
  const int threads = p->job->machine->threads;
  if (!p->job->exact) {
    turning t = {.from = vectors, .rows = n, .floats = p->projection.vectors, .pitch = p->projection.pitch};
    base_share(threads, count, round_row, &t);
    return sum_blocks(p, NULL, count, error);
  }
  double *centred = base_alloc(count * n, sizeof *centred, error);
  if (!centred) return BERG_ELIMIT;
  memcpy(centred, vectors, count * n * sizeof *centred);
  base_share(threads, count, centre_row, &(turning){.to = centred, .rows = n});
  berg_status status = sum_blocks(p, centred, count, error);
  base_free(centred);
  return status;
}

berg_status pca_products_pass(pca_products *p, const double *vectors, size_t count, berg_error *error) {
  const size_t n = p->job->panels->rows;
  const int threads = p->job->machine->threads;
  p->projection.components = count;
  berg_status status = multiply(p, vectors, count, error);
  if (status) return status;
  turning t = {.from = p->total, .to = p->sum, .rows = n, .count = count};
  base_share(threads, (n + TURNED - 1) / TURNED, turn_stripe, &t);
  base_share(threads, count, centre_row, &t);
  return BERG_OK;
}
