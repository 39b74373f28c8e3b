/* The memory of a batch, and its images. */
#include "model/encode/batch.h"

#include "base/memory.h"
#include "model/device/device.h"
#include "vit/preprocess.h"

static size_t score_width(const model_subject *subject) { return (subject->fitted.components + 15) / 16 * 16; }

size_t model_batch_widest_row(const berg_model *model) {
  size_t widest = 0;
  for (size_t s = 0; s < model->subject_count; s++) {
    const size_t bytes = model->gemm->row_bytes(model->subjects[s].fitted.components);
    if (bytes > widest) widest = bytes;
  }
  return widest;
}

/* What the processor computes with. */
static berg_status init_processor(model_batch *batch, berg_error *error) {
  const berg_model *model = batch->model;
  const size_t room = batch->room;
  batch->tokens = base_alloc_large(room * VIT_LAYER_FEATURES, sizeof(float), error);
  batch->workspace = base_alloc_large(vit_network_workspace(model->gemm, model->threads), 1, error);
  batch->projections = base_calloc(model->subject_count, sizeof *batch->projections, error);
  batch->loaded_scores = base_alloc(2 * room, model_batch_widest_row(model), error);
  batch->score_scales = base_alloc(2 * room, sizeof(float), error);
  batch->balanced_scores = base_alloc(1, model_batch_widest_row(model) * sizeof(float), error);
  if (!batch->tokens || !batch->workspace || !batch->projections || !batch->loaded_scores || !batch->score_scales ||
      !batch->balanced_scores)
    return BERG_ELIMIT;
  berg_status status = BERG_OK;
  for (size_t i = 0; i < model->subject_count && !status; i++)
    status = model_projection_init(&batch->projections[i], model->kernels, &model->subjects[i].fitted,
                                   &model->subjects[i].directions, room, model->threads, error);
  return status;
}

static berg_status init(model_batch *batch, berg_model *model, size_t room, berg_error *error) {
  batch->model = model;
  batch->room = room;
  batch->indices = base_alloc(room, sizeof *batch->indices, error);
  batch->scores = base_calloc(model->subject_count, sizeof *batch->scores, error);
  batch->score_widths = base_alloc(model->subject_count, sizeof *batch->score_widths, error);
  if (!batch->indices || !batch->scores || !batch->score_widths) return BERG_ELIMIT;
  for (size_t i = 0; i < model->subject_count; i++) {
    batch->score_widths[i] = score_width(&model->subjects[i]);
    batch->scores[i] = base_calloc(room * batch->score_widths[i], sizeof(float), error);
    if (!batch->scores[i]) return BERG_ELIMIT;
  }
  berg_status status = model_load_init(&batch->loads[0], room, error);
  return status || model->device ? status : init_processor(batch, error);
}

void model_batch_free(model_batch *batch) {
  if (!batch) return;
  for (size_t i = 0; i < batch->model->subject_count; i++) {
    if (batch->projections) model_projection_release(&batch->projections[i]);
    if (batch->scores) base_free(batch->scores[i]);
  }
  for (size_t i = 0; i < 2; i++) model_load_release(&batch->loads[i]);
  if (batch->own_responses) model_device_release(batch->model->device, batch->own_responses);
  base_free(batch->indices);
  base_free_large(batch->tokens);
  base_free_large(batch->workspace);
  base_free(batch->projections);
  base_free(batch->scores);
  base_free(batch->score_widths);
  base_free(batch->loaded_scores);
  base_free(batch->score_scales);
  base_free(batch->balanced_scores);
  base_free(batch);
}

/* A larger one takes the place of the one that is there. */
static berg_status make_room(berg_model *model, size_t room, berg_error *error) {
  if (model->kept && model->kept->room >= room) return BERG_OK;
  model_batch_free(model->kept);
  model->kept = base_calloc(1, sizeof *model->kept, error);
  if (!model->kept) return BERG_ELIMIT;
  berg_status status = init(model->kept, model, room, error);
  if (status) {
    model_batch_free(model->kept);
    model->kept = NULL;
  }
  return status;
}

berg_status model_batch_of(model_batch **out, berg_model *model, size_t room, bool several, berg_error *error) {
  *out = NULL;
  berg_status status = make_room(model, room, error);
  if (status) return status;
  model_batch *batch = model->kept;
  batch->team = NULL;
  batch->images = 0;
  batch->most = room;
  batch->sink = NULL;
  batch->responses = NULL;
  for (size_t i = 0; i < 2; i++) batch->loads[i].count = 0;
  if (several && !batch->loads[!batch->now].pixels)
    status = model_load_init(&batch->loads[!batch->now], batch->room, error);
  if (!status) *out = batch;
  return status;
}

berg_status model_batch_load(model_batch *batch, berg_stimuli *stimuli, size_t first, size_t count, size_t next,
                             berg_error *error) {
  if (batch->loads[!batch->now].count)
    batch->now = !batch->now;
  else
    model_load_begin(&batch->loads[batch->now], stimuli, first, count);
  berg_status status = model_load_finish(&batch->loads[batch->now], batch->team, batch->indices, &batch->images, error);
  if (!status && next)
    model_load_begin(&batch->loads[!batch->now], stimuli, first + count, next);
  else
    batch->loads[!batch->now].count = 0;
  return status;
}

size_t model_batch_beside_begin(model_batch *batch, size_t step) {
  return model_load_step(&batch->loads[!batch->now], step, VIT_LAYERS);
}

void model_batch_beside(void *user, size_t index, size_t rank) {
  model_batch *batch = user;
  model_load_piece(&batch->loads[!batch->now], index, rank);
}
