/* Predictions of a fitted solver: new rows through the scaler, the components and the regression. */
#include <math.h>
#include <string.h>

#include "base/convert.h"
#include "base/memory.h"
#include "base/team.h"
#include "base/text.h"
#include "train/fit/fit.h"

/* The most rows that a thread takes at a time. */
#define ROWS ((size_t)48)

typedef struct memory {
  double *sums;  /* [ROWS][outputs]: of the components, or of the targets */
  double *panel; /* [ROWS][LA_PANEL] of the responses */
  float *z;      /* [ROWS][LA_DEPTH] */
  float *scores; /* [ROWS][width] */
  float *buffer;
} memory;

typedef struct prediction {
  const berg_fit *fit;
  const berg_array *features;
  la_matrix matrix;  /* [outputs][features]: components, or coefficients where there are none */
  float *responses;  /* [rows][targets] */
  size_t step;       /* rows of a piece */
  memory *memories;  /* of each thread */
  atomic_size_t bad; /* the first row that is not finite, or their number */
} prediction;

/* Features [first, first + count) of row `row`, centred and scaled in double. False: not finite. */
static bool standardise(const prediction *p, size_t row, size_t first, size_t count, float *z) {
  const train_pca *pca = &p->fit->pca;
  const berg_array *x = p->features;
  const char *from = (const char *)x->data + (ptrdiff_t)row * x->strides[0] + (ptrdiff_t)first * x->strides[1];
  bool finite = true;
  for (size_t j = 0; j < count; j++, from += x->strides[1]) {
    const double value = (base_read_number(x->dtype, from) - pca->mean[first + j]) / pca->scale[first + j];
    z[j] = (float)(pca->components ? value - (double)pca->pca_mean[first + j] : value);
    finite = finite && isfinite(z[j]);
  }
  return finite;
}

/* sums [ROWS][ld] += x, `rows` rows of one block's columns, times one panel of a plain matrix. */
static void add_product(const prediction *p, const la_matrix *matrix, size_t block, size_t panel, const float *x,
                        size_t ldx, size_t rows, double *sums, size_t ld, float *buffer) {
  const size_t left = matrix->n - panel * LA_PANEL;
  const la_sums to = {sums, ld, left < LA_PANEL ? left : LA_PANEL};
  la_product product = {.rows = rows,
                        .x = x,
                        .row_bytes = ldx * sizeof *x,
                        .buffer = buffer,
                        .finish = p->fit->kernels->sum,
                        .user = &to};
  if (panel + 1 < la_matrix_panels(matrix)) product.next = la_matrix_fetch(matrix, block, panel + 1);
  la_matrix_multiply(matrix, block, panel, &product);
}

/* sums = z times matrix^T of `count` rows from `top`. The first row that is not finite, or `top + count`. */
static size_t project(const prediction *p, memory *m, size_t top, size_t count) {
  const la_matrix *matrix = &p->matrix;
  size_t bad = top + count;
  memset(m->sums, 0, ROWS * matrix->n * sizeof *m->sums);
  for (size_t block = 0; block < la_matrix_blocks(matrix); block++) {
    const size_t first = block * LA_DEPTH, depth = la_matrix_depth(matrix, block);
    for (size_t i = count; i-- > 0;)
      if (!standardise(p, top + i, first, depth, m->z + i * LA_DEPTH) && top + i < bad) bad = top + i;
    for (size_t panel = 0; panel < la_matrix_panels(matrix); panel++)
      add_product(p, matrix, block, panel, m->z, LA_DEPTH, count, m->sums + panel * LA_PANEL, matrix->n, m->buffer);
  }
  return bad;
}

static void respond(const prediction *p, memory *m, size_t top, size_t count) {
  const berg_fit *fit = p->fit;
  float *responses = p->responses + top * fit->targets;
  if (!fit->pca.components) {
    for (size_t i = 0; i < count; i++)
      for (size_t t = 0; t < fit->targets; t++)
        responses[i * fit->targets + t] = (float)(m->sums[i * fit->targets + t] + fit->intercepts[t]);
    return;
  }
  const la_matrix coefficients = {.gemm = fit->floats->engine,
                                  .n = fit->targets,
                                  .k = fit->width,
                                  .rows = (const char *)fit->coefficients,
                                  .row_bytes = fit->width * sizeof(float)};
  for (size_t i = 0; i < count * fit->width; i++) m->scores[i] = (float)m->sums[i];
  for (size_t panel = 0; panel < la_matrix_panels(&coefficients); panel++) {
    const size_t first = panel * LA_PANEL, end = fit->targets - first < LA_PANEL ? fit->targets : first + LA_PANEL;
    memset(m->panel, 0, ROWS * LA_PANEL * sizeof *m->panel);
    for (size_t block = 0; block < la_matrix_blocks(&coefficients); block++)
      add_product(p, &coefficients, block, panel, m->scores + block * LA_DEPTH, fit->width, count, m->panel, LA_PANEL,
                  m->buffer);
    for (size_t i = 0; i < count; i++)
      for (size_t t = first; t < end; t++)
        responses[i * fit->targets + t] = (float)(m->panel[i * LA_PANEL + t - first] + fit->intercepts[t]);
  }
}

static bool make_memory(memory *m, const prediction *p, berg_error *error) {
  m->sums = base_alloc_large(ROWS * p->matrix.n, sizeof *m->sums, error);
  m->panel = base_alloc(ROWS * LA_PANEL, sizeof *m->panel, error);
  m->z = base_alloc(ROWS * LA_DEPTH, sizeof *m->z, error);
  m->scores = base_alloc(ROWS * p->fit->width, sizeof *m->scores, error);
  m->buffer = base_alloc(1, p->matrix.gemm->thread_bytes, error);
  return m->sums && m->panel && m->z && m->scores && m->buffer;
}

static void free_memory(memory *m) {
  base_free_large(m->sums);
  base_free(m->panel);
  base_free(m->z);
  base_free(m->scores);
  base_free(m->buffer);
}

/* Whole tiles of rows, so many that every thread has something to do. */
static size_t rows_at_a_time(const berg_fit *fit, size_t rows) {
  const size_t tile = fit->floats->engine->tile_rows, tiles = (rows + tile - 1) / tile, team = (size_t)fit->threads,
               each = (tiles + team - 1) / team * tile;
  return each < ROWS ? each : ROWS;
}

static berg_status check(const berg_fit *fit, const berg_array *features, berg_error *error) {
  berg_status status = train_fit_check(features, "features", error);
  if (status || features->shape[1] == fit->pca.features) return status;
  return base_fail(error, BERG_EARGUMENT, "features: expected %zu columns, as it was fitted with, found %zu",
                   fit->pca.features, features->shape[1]);
}

static void predict_piece(void *user, size_t index, size_t rank) {
  prediction *p = user;
  memory *m = &p->memories[rank];
  const size_t rows = p->features->shape[0], top = index * p->step, count = rows - top < p->step ? rows - top : p->step;
  la_gemm_begin(p->matrix.gemm);
  const size_t found = project(p, m, top, count);
  if (found < top + count) base_note_least(&p->bad, found);
  respond(p, m, top, count);
  la_gemm_end(p->matrix.gemm);
}

static berg_status predict(prediction *p, berg_error *error) {
  const size_t threads = (size_t)p->fit->threads, pieces = (p->features->shape[0] + p->step - 1) / p->step;
  bool complete = true;
  p->memories = base_calloc(threads, sizeof *p->memories, error);
  if (!p->memories) return BERG_ELIMIT;
  for (size_t t = 0; t < threads && t < pieces && complete; t++) complete = make_memory(&p->memories[t], p, error);
  if (complete) base_share((int)threads, pieces, predict_piece, p);
  for (size_t t = 0; t < threads; t++) free_memory(&p->memories[t]);
  base_free(p->memories);
  return complete ? BERG_OK : BERG_ELIMIT;
}

berg_status berg_fit_predict(const berg_fit *fit, const berg_array *features, float *responses, berg_error *error) {
  berg_status status = check(fit, features, error);
  if (status) return status;
  const bool direct = !fit->pca.components;
  const float *matrix = direct ? fit->coefficients : fit->pca.directions;
  const size_t rows = features->shape[0];
  prediction p = {.fit = fit,
                  .features = features,
                  .matrix = {.gemm = fit->floats->engine,
                             .n = direct ? fit->targets : fit->width,
                             .k = fit->pca.features,
                             .rows = (const char *)matrix,
                             .row_bytes = fit->pca.features * sizeof *matrix},
                  .responses = responses,
                  .step = rows_at_a_time(fit, rows),
                  .bad = rows};
  status = predict(&p, error);
  if (status || p.bad == rows) return status;
  char item[48];
  base_print(item, sizeof item, "row %zu", (size_t)p.bad);
  return base_fail_at(error, &(base_fault){BERG_ESTIMULUS, NULL, BERG_NO_OFFSET, item, "its features cannot be encoded",
                                           "finite numbers", "NaN or infinity"});
}
