/* The memory of scores. */
#include "model/encode/scores.h"

#include "base/memory.h"
#include "model/device/device.h"

/* Bytes of the longest row of scores as products take them. */
static size_t widest_row(const berg_model *model) {
  size_t widest = 0;
  for (size_t s = 0; s < model->scorer_count; s++) {
    const size_t bytes = model->gemm->row_bytes(model->scorers[s].basis->components);
    if (bytes > widest) widest = bytes;
  }
  return widest;
}

/* What the processor computes with. */
static berg_status init_processor(model_scores *scores, berg_error *error) {
  const berg_model *model = scores->model;
  const size_t room = scores->room, widest = widest_row(model);
  scores->projections = base_calloc(model->scorer_count, sizeof *scores->projections, error);
  scores->loaded = base_alloc(2 * room, widest, error);
  scores->scales = base_alloc(2 * room, sizeof(float), error);
  scores->balanced = base_alloc(1, widest * sizeof(float), error);
  if (!scores->projections || !scores->loaded || !scores->scales || !scores->balanced) return BERG_ELIMIT;
  berg_status status = BERG_OK;
  for (size_t i = 0; i < model->scorer_count && !model->scores_only && !status; i++)
    status = model_projection_init(&scores->projections[i], model->kernels, model->scorers[i].basis,
                                   &model->scorers[i].directions, room, scores->threads, error);
  return status;
}

static berg_status init(model_scores *scores, const berg_model *model, size_t room, int threads, berg_error *error) {
  *scores = (model_scores){.model = model, .room = room, .threads = threads};
  scores->values = base_calloc(model->scorer_count, sizeof *scores->values, error);
  scores->widths = base_alloc(model->scorer_count, sizeof *scores->widths, error);
  if (!scores->values || !scores->widths) return BERG_ELIMIT;
  for (size_t i = 0; i < model->scorer_count; i++) {
    scores->widths[i] = (model->scorers[i].basis->components + 15) / 16 * 16;
    scores->values[i] = base_calloc(room * scores->widths[i], sizeof(float), error);
    if (!scores->values[i]) return BERG_ELIMIT;
  }
  return model->device ? BERG_OK : init_processor(scores, error);
}

void model_scores_free(model_scores *scores) {
  if (!scores) return;
  for (size_t i = 0; i < scores->model->scorer_count; i++) {
    if (scores->projections) model_projection_release(&scores->projections[i]);
    if (scores->values) base_free(scores->values[i]);
  }
  if (scores->pinned) model_device_release(scores->model->device, scores->pinned);
  base_free(scores->projections);
  base_free(scores->values);
  base_free(scores->widths);
  base_free(scores->loaded);
  base_free(scores->scales);
  base_free(scores->balanced);
  base_free(scores);
}

void model_scores_drop(berg_model *model) {
  model_scores_free(model->kept_scores);
  model->kept_scores = NULL;
}

/* Larger ones take the place of those that are there. */
berg_status model_scores_of(model_scores **out, berg_model *model, size_t room, int threads, berg_error *error) {
  const model_scores *kept = model->kept_scores;
  berg_status status = BERG_OK;
  if (!kept || kept->room < room || kept->threads < threads) {
    model_scores_free(model->kept_scores);
    model->kept_scores = base_calloc(1, sizeof *model->kept_scores, error);
    status = model->kept_scores ? init(model->kept_scores, model, room, threads, error) : BERG_ELIMIT;
    if (status) model_scores_drop(model);
  }
  *out = model->kept_scores;
  return status;
}
