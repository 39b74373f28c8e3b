/* A batch by the processor: the network layer by layer, its outputs to the components or to the sink while they are warm, the next
 * batch's images coming in beside. */
#include "model/encode/run.h"

static void after_block(void *user, base_team *team, size_t layer, const float *tokens) {
  model_batch *batch = user;
  const model_sink *sink = batch->sink;
  const double start = base_machine_seconds();
  if (sink->wants == MODEL_FEATURES) {
    const model_part all = {0, batch->images, batch->indices};
    sink->block(sink->user, team, &all, layer, tokens);
    return;
  }
  for (size_t s = 0; s < batch->model->subject_count; s++)
    model_projection_add(&batch->projections[s], team, layer, tokens);
  batch->component_seconds += base_machine_seconds() - start;
}

static size_t begin_beside(void *user, size_t layer) { return model_batch_beside_begin(user, layer); }

static void begin_components(model_batch *batch) {
  batch->component_seconds = 0;
  for (size_t s = 0; s < batch->model->subject_count; s++)
    model_projection_start(&batch->projections[s], batch->images);
}

static void finish_components(model_batch *batch) {
  const double start = base_machine_seconds();
  for (size_t s = 0; s < batch->model->subject_count; s++)
    model_projection_finish(&batch->projections[s], batch->scores[s], batch->score_widths[s]);
  batch->component_seconds += base_machine_seconds() - start;
}

void model_run_processor(model_batch *batch) {
  berg_model *model = batch->model;
  const bool scores = batch->sink->wants != MODEL_FEATURES;
  const vit_hooks hooks = {
      .after_block = after_block, .begin_beside = begin_beside, .beside = model_batch_beside, .user = batch};
  if (scores) begin_components(batch);
  vit_network_run(model->network, batch->loads[batch->now].pixels, batch->images, batch->team, batch->workspace,
                  batch->tokens, &hooks);
  model->images_done += batch->images;
  if (scores) finish_components(batch);
}
