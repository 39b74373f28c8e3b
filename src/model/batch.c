#include "model/batch.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/memory.h"
#include "model/packed.h"
#include "model/stimuli.h"
#include "vit/preprocess.h"

/* From so many images on, over the life of a model, packing the network pays: it costs what some ten images cost, and an
 * image costs a tenth less afterwards. */
#define PACK_FROM 48

/* Floats of a row of scores: whole lines of the cache. */
static size_t score_width(const model_subject *subject) { return (subject->fitted.components + 15) / 16 * 16; }

size_t model_memory_needed(const berg_model *model, size_t images, bool packed) {
  const size_t program = (size_t)48 << 20; /* the libraries themselves */
  size_t floats = 0, bytes = program;
  for (size_t t = 0; t < VIT_TENSORS; t++) floats += vit_tensor_count(t);
  if (packed) floats *= 2; /* while packing */
  for (size_t i = 0; i < model->subject_count; i++) {
    const model_subject *subject = &model->subjects[i];
    const size_t k = subject->fitted.components;
    floats += subject->fitted.features * (k + 3) + subject->columns.count * (k + 1);
    bytes += model_projection_memory(&subject->fitted, &subject->directions, images, model->threads);
  }
  floats += images * (VIT_LAYER_FEATURES + model->columns);
  return bytes + floats * sizeof(float) + images * VIT_PIXELS + vit_network_workspace(model->threads);
}

/* Bytes of the longest row of scores as products take them. */
static size_t widest_row(const berg_model *model) {
  size_t widest = 0;
  for (size_t s = 0; s < model->subject_count; s++) {
    const size_t bytes = la_row_bytes(model->regression, model->subjects[s].fitted.components);
    if (bytes > widest) widest = bytes;
  }
  return widest;
}

berg_status model_batch_init(model_batch *batch, berg_model *model, size_t room, berg_error *error) {
  memset(batch, 0, sizeof *batch);
  batch->model = model;
  batch->room = room;
  batch->indices = base_alloc(room, sizeof *batch->indices, error);
  batch->pixels = base_alloc(room, VIT_PIXELS, error);
  batch->tokens = base_alloc_large(room * VIT_LAYER_FEATURES, sizeof(float), error);
  batch->workspace = base_alloc_large(vit_network_workspace(model->threads), 1, error);
  batch->projections = base_calloc(model->subject_count, sizeof *batch->projections, error);
  batch->scores = base_calloc(model->subject_count, sizeof *batch->scores, error);
  batch->loaded_scores = base_alloc(room, widest_row(model), error);
  batch->faults = base_alloc(room, sizeof *batch->faults, error);
  batch->statuses = base_alloc(room, sizeof *batch->statuses, error);
  berg_status status = batch->indices && batch->pixels && batch->tokens && batch->workspace && batch->projections &&
                               batch->scores && batch->loaded_scores && batch->faults && batch->statuses
                           ? BERG_OK
                           : BERG_ELIMIT;
  for (size_t i = 0; i < model->subject_count && !status; i++) {
    const model_fitted *fitted = &model->subjects[i].fitted;
    status = model_projection_init(&batch->projections[i], model->kernels, fitted, &model->subjects[i].directions, room,
                                   model->threads, error);
    batch->scores[i] = base_calloc(room * score_width(&model->subjects[i]), sizeof(float), error);
    if (!batch->scores[i]) status = BERG_ELIMIT;
  }
  if (status) model_batch_release(batch);
  return status;
}

void model_batch_release(model_batch *batch) {
  for (size_t i = 0; batch->model && i < batch->model->subject_count; i++) {
    if (batch->projections) model_projection_release(&batch->projections[i]);
    if (batch->scores) base_free(batch->scores[i]);
  }
  base_free(batch->indices);
  base_free(batch->pixels);
  base_free_large(batch->tokens);
  base_free_large(batch->workspace);
  base_free(batch->projections);
  base_free(batch->scores);
  base_free(batch->loaded_scores);
  base_free(batch->faults);
  base_free(batch->statuses);
  memset(batch, 0, sizeof *batch);
}

/* Keeps the images that could be read, in order, and tells the stimuli about the others. */
static berg_status keep_good(model_batch *batch, berg_stimuli *stimuli, size_t first, size_t count, berg_error *error) {
  batch->images = 0;
  for (size_t i = 0; i < count; i++) {
    if (batch->statuses[i]) {
      if (!model_stimuli_may_skip(stimuli, batch->statuses[i])) {
        if (error) *error = batch->faults[i];
        return batch->statuses[i];
      }
      berg_status status = model_stimuli_mark_bad(stimuli, first + i, &batch->faults[i], error);
      if (status) return status;
      continue;
    }
    if (batch->images != i)
      memmove(batch->pixels + batch->images * VIT_PIXELS, batch->pixels + i * VIT_PIXELS, VIT_PIXELS);
    batch->indices[batch->images++] = first + i;
  }
  return BERG_OK;
}

berg_status model_batch_load(model_batch *batch, berg_stimuli *stimuli, size_t first, size_t count, berg_error *error) {
  berg_status status = model_stimuli_prepare(stimuli, first, count, error);
  if (status) return status;
#pragma omp parallel for schedule(dynamic, 1) num_threads(batch->model->threads)
  for (size_t i = 0; i < count; i++)
    batch->statuses[i] = berg_stimuli_pixels(stimuli, first + i, batch->pixels + i * VIT_PIXELS, &batch->faults[i]);
  return keep_good(batch, stimuli, first, count, error);
}

/* --- The run --- */

static void after_block(void *user, size_t layer, const float *tokens) {
  model_batch *batch = user;
  if (batch->take_block) {
    batch->take_block(batch->taker, batch, layer, tokens);
    return;
  }
  for (size_t s = 0; s < batch->model->subject_count; s++) model_projection_add(&batch->projections[s], layer, tokens);
}

/* Finite weights give finite scores: so this costs nothing until something is wrong, and then says what. */
static berg_status check_scores(const model_batch *batch, size_t s, berg_error *error) {
  const model_fitted *fitted = &batch->model->subjects[s].fitted;
  const size_t count = batch->images * score_width(&batch->model->subjects[s]);
  bool finite = true;
  for (size_t i = 0; i < count; i++) finite &= isfinite(batch->scores[s][i]) != 0;
  if (finite) return BERG_OK;
  berg_status status = model_backbone_check(&batch->model->backbone, error);
  if (!status) status = model_fitted_check_components(fitted, error);
  if (status) return status;
  return base_fail(error, BERG_EMODEL, "%s with %s: scores overflow, or the backbone held a NaN", fitted->path,
                   batch->model->backbone.path);
}

static berg_status pack_when_it_pays(berg_model *model, size_t images, berg_error *error) {
  if (vit_network_is_packed(model->network) || model->images_done + images < PACK_FROM) return BERG_OK;
  if (model->memory && model_memory_needed(model, model->batch, true) > model->memory) return BERG_OK;
  return model_pack_network(model, error);
}

berg_status model_batch_run(model_batch *batch, berg_error *error) {
  berg_model *model = batch->model;
  if (!batch->images) return BERG_OK;
  berg_status status = pack_when_it_pays(model, batch->images, error);
  if (status) return status;
  for (size_t s = 0; s < model->subject_count; s++) model_projection_start(&batch->projections[s], batch->images);
  vit_network_run(model->network, batch->pixels, batch->images, model->threads, batch->workspace, batch->tokens,
                  &(vit_hooks){.after_block = after_block, .user = batch});
  model->images_done += batch->images;
  for (size_t s = 0; s < model->subject_count && !status && !batch->take_block; s++) {
    model_projection_finish(&batch->projections[s], batch->scores[s], score_width(&model->subjects[s]));
    status = check_scores(batch, s, error);
  }
  return status;
}

/* Scores as products take them: bf16 on processors that multiply it. */
static la_product score_rows(const model_batch *batch, size_t s) {
  const model_subject *subject = &batch->model->subjects[s];
  const la_gemm *gemm = batch->model->regression;
  const size_t width = score_width(subject);
  la_product rows = {.rows = batch->images,
                     .x = batch->scores[s],
                     .row_bytes = width * sizeof(float),
                     .finish = batch->model->kernels->store};
  if (!gemm->load) return rows;
  float scale;
  rows.x = batch->loaded_scores;
  rows.row_bytes = la_row_bytes(gemm, subject->fitted.components);
  for (size_t i = 0; i < batch->images; i++)
    gemm->load(batch->scores[s] + i * width, subject->fitted.components, batch->loaded_scores + i * rows.row_bytes,
               &scale);
  return rows;
}

void model_batch_respond(const model_batch *batch, float *responses) {
  const berg_model *model = batch->model;
  for (size_t s = 0; s < model->subject_count; s++) {
    const model_subject *subject = &model->subjects[s];
    const la_matrix *coefficients = &subject->coefficients;
    const size_t count = subject->columns.count, panels = la_matrix_panels(coefficients);
    const la_product rows = score_rows(batch, s);
#pragma omp parallel for schedule(dynamic, 16) num_threads(model->threads)
    for (size_t panel = 0; panel < panels; panel++) {
      const size_t first = panel * LA_PANEL;
      const la_output to = {responses + subject->first_column + first, model->columns,
                            count - first < LA_PANEL ? count - first : LA_PANEL, subject->columns.intercepts + first};
      la_product product = rows;
      product.buffer = (float *)(void *)((char *)batch->workspace + (size_t)omp_get_thread_num() * LA_BUFFER_BYTES);
      product.user = &to;
      if (panel + 1 < panels) product.next = la_matrix_fetch(coefficients, 0, panel + 1);
      la_matrix_multiply(coefficients, 0, panel, &product);
    }
  }
}
