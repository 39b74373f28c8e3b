#include "model/batch.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "model/stimuli.h"
#include "vit/preprocess.h"

/* From so many images on, over the life of a model, packing the network pays: it costs what some ten images cost, and an
 * image costs a tenth less afterwards. */
#define PACK_FROM 48

/* Columns that one product of the regression takes: their weights, 192 KB, stay in the second cache for all images. */
#define RESPONSE_COLUMNS 192

size_t model_memory_needed(const berg_model *model, size_t images, bool packed) {
  const size_t program = (size_t)48 << 20; /* the libraries themselves */
  size_t floats = 0, bytes = program;
  for (size_t t = 0; t < VIT_TENSORS; t++) floats += vit_tensor_count(t);
  if (packed) floats *= 2; /* while packing */
  for (size_t i = 0; i < model->subject_count; i++) {
    const model_subject *subject = &model->subjects[i];
    const size_t k = subject->fitted.components;
    floats += subject->fitted.features * (k + 3) + subject->columns.count * (k + 1);
    bytes += PROJECT_SEGMENTS_MAX * images * k * sizeof(double);
    floats += (size_t)model->threads * images * (VIT_CHANNELS + k);
  }
  floats += images * (VIT_LAYER_FEATURES + model->columns);
  return bytes + floats * sizeof(float) + images * VIT_PIXELS + vit_network_workspace(model->network, model->threads);
}

berg_status model_batch_init(model_batch *batch, berg_model *model, size_t room, berg_error *error) {
  memset(batch, 0, sizeof *batch);
  batch->model = model;
  batch->room = room;
  batch->indices = base_alloc(room, sizeof *batch->indices, error);
  batch->pixels = base_alloc(room, VIT_PIXELS, error);
  batch->tokens = base_alloc_large(room * VIT_LAYER_FEATURES, sizeof(float), error);
  batch->workspace = base_alloc_large(vit_network_workspace(model->network, model->threads), 1, error);
  batch->projections = base_calloc(model->subject_count, sizeof *batch->projections, error);
  batch->scores = base_calloc(model->subject_count, sizeof *batch->scores, error);
  batch->faults = base_alloc(room, sizeof *batch->faults, error);
  batch->statuses = base_alloc(room, sizeof *batch->statuses, error);
  berg_status status = batch->indices && batch->pixels && batch->tokens && batch->workspace && batch->projections &&
                               batch->scores && batch->faults && batch->statuses
                           ? BERG_OK
                           : BERG_ELIMIT;
  for (size_t i = 0; i < model->subject_count && !status; i++) {
    const model_fitted *fitted = &model->subjects[i].fitted;
    status = model_projection_init(&batch->projections[i], model->kernels, fitted, room, model->threads, error);
    batch->scores[i] = base_calloc(room * la_arranged_width(fitted->components), sizeof(float), error);
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
  const size_t count = batch->images * la_arranged_width(fitted->components);
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
  berg_status status = vit_network_pack(model->network, model->threads, error);
  if (!status) model_backbone_drop_matrices(&model->backbone);
  return status;
}

berg_status model_batch_run(model_batch *batch, berg_error *error) {
  berg_model *model = batch->model;
  if (!batch->images) return BERG_OK;
  berg_status status = pack_when_it_pays(model, batch->images, error);
  if (status) return status;
  for (size_t s = 0; s < model->subject_count; s++) model_projection_start(&batch->projections[s], batch->images);
  status = vit_network_run(model->network, batch->pixels, batch->images, model->threads, batch->workspace,
                           batch->tokens, after_block, batch, error);
  model->images_done += batch->images;
  for (size_t s = 0; s < model->subject_count && !status && !batch->take_block; s++) {
    model_projection_finish(&batch->projections[s], batch->scores[s]);
    status = check_scores(batch, s, error);
  }
  return status;
}

void model_batch_respond(const model_batch *batch, float *responses) {
  const berg_model *model = batch->model;
  for (size_t s = 0; s < model->subject_count; s++) {
    const model_subject *subject = &model->subjects[s];
    const model_columns *columns = &subject->columns;
    const size_t k = subject->fitted.components;
#pragma omp parallel for schedule(dynamic, 8) num_threads(model->threads)
    for (size_t first = 0; first < columns->count; first += RESPONSE_COLUMNS) {
      size_t count = columns->count - first < RESPONSE_COLUMNS ? columns->count - first : RESPONSE_COLUMNS;
      model->kernels->dot_rows(batch->scores[s], la_arranged_width(k), batch->images,
                               (const char *)columns->coefficients + first * columns->coefficient_bytes,
                               columns->coefficient_bytes, count, k, responses + subject->first_column + first,
                               model->columns, columns->intercepts + first);
    }
  }
}
