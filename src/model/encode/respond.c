/* Scores of a batch to responses: one product a readout, panel by panel of its coefficients. */
#include <string.h>

#include "model/encode/packed.h"
#include "model/encode/run.h"

/* Scores as products take them: in int8 two rows each, since every step of a score would be one of all units. */
static la_product score_rows(const model_scores *scores, const model_responder *responder, size_t first, size_t count) {
  const la_gemm *gemm = scores->model->gemm;
  const la_kernels *kernels = scores->model->kernels;
  float *values = scores->values[responder->scorer];
  const size_t width = scores->widths[responder->scorer], k = responder->readout->components,
               bytes = gemm->row_bytes(k);
  if (!gemm->load)
    return (la_product){
        .rows = count, .x = values + first * width, .row_bytes = width * sizeof(float), .finish = kernels->store};
  const size_t rows = gemm->load_fine ? 2 : 1; /* of each image */
  for (size_t i = 0; i < count; i++) {
    const float *from = values + (first + i) * width;
    void *to = scores->loaded + i * rows * bytes;
    if (responder->gain) model_balance_scores(responder, from, scores->balanced);
    if (gemm->load_fine)
      gemm->load_fine(scores->balanced, k, to, scores->scales + 2 * i);
    else
      gemm->load(from, k, to, scores->scales + i);
  }
  return (la_product){.rows = rows * count,
                      .x = scores->loaded,
                      .row_bytes = bytes,
                      .scale = scores->scales,
                      .finish = gemm->load_fine ? kernels->store_pairs : kernels->store};
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

static void hand_over(const model_batch *batch, const model_member *member, size_t from, size_t images,
                      float *responses) {
  const size_t columns = member->model->columns;
  copies c = {member->responses + from * columns, responses, columns};
  if (c.to != c.from) base_team_share(batch->team, images, copy_row, &c);
}

/* Panels of coefficients that a thread takes at a time. */
#define RUN ((size_t)16)

typedef struct regression {
  const berg_model *model;
  const model_responder *responder;
  char *workspace;
  la_product rows;
  float *responses;
} regression;

static void multiply_panel(const regression *r, size_t panel, size_t panels, float *buffer) {
  const la_matrix *coefficients = &r->responder->coefficients;
  const size_t first = panel * LA_PANEL, left = r->responder->rows.count - first;
  la_output to = {r->responses + r->responder->first_column + first, r->model->columns,
                  left < LA_PANEL ? left : LA_PANEL, r->responder->rows.intercepts + first};
  la_product product = r->rows;
  product.buffer = buffer;
  product.user = &to;
  for (size_t b = 0; b < la_matrix_blocks(coefficients); b++) { /* one, up to 768 components */
    if (panel + 1 < panels) product.next = la_matrix_fetch(coefficients, b, panel + 1);
    product.x = (const char *)r->rows.x + b * r->model->gemm->row_bytes(LA_DEPTH);
    if (b) to.bias = NULL;
    la_matrix_multiply(coefficients, b, panel, &product);
  }
}

static void multiply_run(void *user, size_t index, size_t rank) {
  const regression *r = user;
  const size_t panels = la_matrix_panels(&r->responder->coefficients), first = index * RUN,
               end = panels - first < RUN ? panels : first + RUN;
  const la_gemm *gemm = r->responder->coefficients.gemm;
  float *buffer = (float *)(void *)(r->workspace + rank * gemm->thread_bytes);
  la_gemm_begin(gemm);
  for (size_t panel = first; panel < end; panel++) multiply_panel(r, panel, panels, buffer);
  la_gemm_end(gemm);
}

void model_batch_respond(const model_batch *batch, const model_member *member, size_t from, size_t images,
                         float *responses) {
  const berg_model *model = member->model;
  if (model->device) {
    hand_over(batch, member, from, images, responses);
    return;
  }
  for (size_t i = 0; i < model->responder_count; i++) {
    const model_responder *responder = &model->responders[i];
    if (!responder->rows.count) continue;
    regression r = {model, responder, batch->workspace, score_rows(member->scores, responder, from, images), responses};
    base_team_share(batch->team, (la_matrix_panels(&responder->coefficients) + RUN - 1) / RUN, multiply_run, &r);
  }
}
