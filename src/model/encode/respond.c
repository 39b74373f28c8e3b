/* Scores of a batch to responses: one product a subject, panel by panel of its coefficients. */
#include <string.h>

#include "model/encode/packed.h"
#include "model/encode/run.h"

/* Scores as products take them: in int8 two rows each, since every step of a score would be one of all voxels. */
static la_product score_rows(const model_batch *batch, size_t s, size_t first, size_t count) {
  const berg_model *model = batch->model;
  const model_subject *subject = &model->subjects[s];
  const la_gemm *gemm = model->gemm;
  const size_t width = batch->score_widths[s], k = subject->fitted.components, bytes = gemm->row_bytes(k);
  if (!gemm->load)
    return (la_product){.rows = count,
                        .x = batch->scores[s] + first * width,
                        .row_bytes = width * sizeof(float),
                        .finish = model->kernels->store};
  const size_t rows = gemm->load_fine ? 2 : 1; /* of each image */
  for (size_t i = 0; i < count; i++) {
    float *scores = batch->scores[s] + (first + i) * width;
    void *to = batch->loaded_scores + i * rows * bytes;
    if (subject->coefficient_gain) model_balance_scores(subject, scores, batch->balanced_scores);
    if (gemm->load_fine)
      gemm->load_fine(batch->balanced_scores, k, to, batch->score_scales + 2 * i);
    else
      gemm->load(scores, k, to, batch->score_scales + i);
  }
  return (la_product){.rows = rows * count,
                      .x = batch->loaded_scores,
                      .row_bytes = bytes,
                      .scale = batch->score_scales,
                      .finish = gemm->load_fine ? model->kernels->store_pairs : model->kernels->store};
}

/* Rows that have come back with the scores. */
typedef struct copies {
  const float *from;
  float *to;
  size_t columns;
} copies;

static void copy_row(void *user, size_t i, size_t rank) {
  const copies *c = user;
  (void)rank;
  memcpy(c->to + i * c->columns, c->from + i * c->columns, c->columns * sizeof *c->to);
}

static void hand_over(const model_batch *batch, size_t from, size_t images, float *responses) {
  copies c = {batch->responses + from * batch->model->columns, responses, batch->model->columns};
  if (c.to != c.from) base_team_share(batch->team, images, copy_row, &c);
}

/* Panels of a subject's coefficients that a thread takes at a time. */
#define RUN ((size_t)16)

typedef struct regression {
  const model_batch *batch;
  const model_subject *subject;
  la_product rows;
  float *responses;
} regression;

static void multiply_panel(const regression *r, size_t panel, size_t panels, float *buffer) {
  const berg_model *model = r->batch->model;
  const la_matrix *coefficients = &r->subject->coefficients;
  const size_t first = panel * LA_PANEL, left = r->subject->columns.count - first;
  la_output to = {r->responses + r->subject->first_column + first, model->columns, left < LA_PANEL ? left : LA_PANEL,
                  r->subject->columns.intercepts + first};
  la_product product = r->rows;
  product.buffer = buffer;
  product.user = &to;
  for (size_t b = 0; b < la_matrix_blocks(coefficients); b++) { /* one, up to 768 components */
    if (panel + 1 < panels) product.next = la_matrix_fetch(coefficients, b, panel + 1);
    product.x = (const char *)r->rows.x + b * model->gemm->row_bytes(LA_DEPTH);
    if (b) to.bias = NULL;
    la_matrix_multiply(coefficients, b, panel, &product);
  }
}

static void multiply_run(void *user, size_t index, size_t rank) {
  const regression *r = user;
  const size_t panels = la_matrix_panels(&r->subject->coefficients), first = index * RUN,
               end = panels - first < RUN ? panels : first + RUN;
  const la_gemm *gemm = r->subject->coefficients.gemm;
  float *buffer = (float *)(void *)((char *)r->batch->workspace + rank * gemm->thread_bytes);
  la_gemm_begin(gemm);
  for (size_t panel = first; panel < end; panel++) multiply_panel(r, panel, panels, buffer);
  la_gemm_end(gemm);
}

void model_batch_respond(const model_batch *batch, size_t from, size_t images, float *responses) {
  const berg_model *model = batch->model;
  if (model->device) {
    hand_over(batch, from, images, responses);
    return;
  }
  for (size_t s = 0; s < model->subject_count; s++) {
    regression r = {batch, &model->subjects[s], score_rows(batch, s, from, images), responses};
    base_team_share(batch->team, (la_matrix_panels(&r.subject->coefficients) + RUN - 1) / RUN, multiply_run, &r);
  }
}
