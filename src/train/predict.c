/* Predictions of a fitted solver: new rows through the scaler, the components and the regression. */
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

#include "base/convert.h"
#include "base/memory.h"
#include "train/fit.h"

/* Rows at a time, and features between two sums in double. */
#define ROWS 16
#define PIECE 1024

typedef struct memory {
  double *sums;  /* [ROWS][outputs]: of the components, or of the targets */
  float *part;   /* the same, of one piece */
  float *z;      /* [ROWS][PIECE] */
  float *scores; /* [ROWS][arranged width] */
} memory;

typedef struct prediction {
  const berg_fit *fit;
  const berg_array *features;
  size_t outputs;      /* rows of `matrix` */
  const float *matrix; /* [outputs][features]: components, or coefficients where there are none */
} prediction;

/* Features [first, first + count) of row `row`, centred and scaled in double. False: not finite. */
static bool standardise(const prediction *p, size_t row, size_t first, size_t count, float *z) {
  const train_pca *pca = &p->fit->pca;
  const berg_array *x = p->features;
  const char *from = (const char *)x->data + (ptrdiff_t)row * x->strides[0] + (ptrdiff_t)first * x->strides[1];
  float row_of_z[PIECE];
  bool finite = true;
  for (size_t j = 0; j < count; j++, from += x->strides[1]) {
    const double value = (base_read_number(x->dtype, from) - pca->mean[first + j]) / pca->scale[first + j];
    row_of_z[j] = (float)(pca->components ? value - (double)pca->pca_mean[first + j] : value);
    finite = finite && isfinite(row_of_z[j]);
  }
  la_arrange_row(row_of_z, count, z);
  return finite;
}

/* sums = z times matrix^T of `count` rows from `top`. The first row that is not finite, or `top + count`. */
static size_t project(const prediction *p, memory *m, size_t top, size_t count) {
  const size_t features = p->fit->pca.features;
  size_t bad = top + count;
  memset(m->sums, 0, ROWS * p->outputs * sizeof *m->sums);
  for (size_t first = 0; first < features; first += PIECE) {
    const size_t width = features - first < PIECE ? features - first : PIECE, ld = la_arranged_width(width);
    for (size_t i = count; i-- > 0;)
      if (!standardise(p, top + i, first, width, m->z + i * ld) && top + i < bad) bad = top + i;
    p->fit->kernels->dot_rows(m->z, ld, count, p->matrix + first, features * sizeof(float), p->outputs, width, m->part,
                              p->outputs, NULL);
    for (size_t i = 0; i < count * p->outputs; i++) m->sums[i] += m->part[i];
  }
  return bad;
}

static void respond(const prediction *p, memory *m, size_t count, float *responses) {
  const berg_fit *fit = p->fit;
  if (!fit->pca.components) {
    for (size_t i = 0; i < count; i++)
      for (size_t t = 0; t < fit->targets; t++)
        responses[i * fit->targets + t] = (float)(m->sums[i * fit->targets + t] + fit->intercepts[t]);
    return;
  }
  const size_t ld = la_arranged_width(fit->width);
  for (size_t i = 0; i < count; i++) {
    for (size_t c = 0; c < fit->width; c++) m->part[c] = (float)m->sums[i * fit->width + c];
    la_arrange_row(m->part, fit->width, m->scores + i * ld);
  }
  fit->kernels->dot_rows(m->scores, ld, count, fit->coefficients, fit->width * sizeof(float), fit->targets, fit->width,
                         responses, fit->targets, fit->intercepts);
}

static bool make_memory(memory *m, const prediction *p) {
  m->sums = base_alloc(ROWS * p->outputs, sizeof *m->sums, NULL);
  m->part = base_alloc(ROWS * p->outputs, sizeof *m->part, NULL);
  m->z = base_alloc(ROWS * PIECE, sizeof *m->z, NULL);
  m->scores = base_alloc(ROWS * la_arranged_width(p->fit->width), sizeof *m->scores, NULL);
  return m->sums && m->part && m->z && m->scores;
}

static void free_memory(memory *m) {
  base_free(m->sums);
  base_free(m->part);
  base_free(m->z);
  base_free(m->scores);
}

static berg_status check(const berg_fit *fit, const berg_array *features, berg_error *error) {
  berg_status status = train_fit_check(features, "features", error);
  if (status || features->shape[1] == fit->pca.features) return status;
  return base_fail(error, BERG_EARGUMENT, "features: expected %zu columns, as it was fitted with, found %zu",
                   fit->pca.features, features->shape[1]);
}

berg_status berg_fit_predict(const berg_fit *fit, const berg_array *features, float *responses, berg_error *error) {
  berg_status status = check(fit, features, error);
  if (status) return status;
  const bool direct = !fit->pca.components;
  const prediction p = {fit, features, direct ? fit->targets : fit->width,
                        direct ? fit->coefficients : fit->pca.directions};
  const size_t rows = features->shape[0];
  size_t bad = rows;
  bool room = true;
#pragma omp parallel num_threads(fit->threads) reduction(min : bad) reduction(&& : room)
  {
    memory m;
    const bool here = make_memory(&m, &p);
    room = here;
#pragma omp for schedule(dynamic, 1)
    for (size_t top = 0; top < rows; top += ROWS) {
      const size_t count = rows - top < ROWS ? rows - top : ROWS;
      if (!here) continue;
      const size_t found = project(&p, &m, top, count);
      if (found < top + count) bad = found < bad ? found : bad;
      respond(&p, &m, count, responses + top * fit->targets);
    }
    free_memory(&m);
  }
  if (!room) return base_fail_memory(error, ROWS * p.outputs * sizeof(double));
  if (bad == rows) return BERG_OK;
  char item[48];
  snprintf(item, sizeof item, "row %zu", bad);
  return base_fail_at(error, &(base_fault){BERG_ESTIMULUS, NULL, BERG_NO_OFFSET, item, "its features cannot be encoded",
                                           "finite numbers", "NaN or infinity"});
}
