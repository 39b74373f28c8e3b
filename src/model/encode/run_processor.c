/* A batch by the processor: the network layer by layer, its outputs to the components or to the sink while they are
 * warm, the next batch's images coming in beside. */
#include "base/progress.h"
#include "model/encode/run.h"

/* A batch, and whether it goes on. */
typedef struct running {
  model_batch *batch;
  berg_status status;
  berg_error *error;
} running;

static void after_block(void *user, base_team *team, size_t layer, const float *tokens) {
  const running *r = user;
  model_batch *batch = r->batch;
  const double start = base_machine_seconds();
  for (size_t m = 0; m < batch->member_count; m++) {
    const model_member *member = &batch->members[m];
    if (member->sink->wants == MODEL_FEATURES) {
      const model_part all = {0, batch->images, batch->indices};
      member->sink->block(member->sink->user, team, &all, layer, tokens);
      continue;
    }
    for (size_t s = 0; s < member->model->scorer_count; s++)
      model_projection_add(&member->scores->projections[s], team, layer, tokens);
  }
  batch->component_seconds += base_machine_seconds() - start;
}

static size_t begin_beside(void *user, size_t layer) {
  const running *r = user;
  return model_batch_beside_begin(r->batch, layer);
}

static void beside(void *user, size_t index, size_t rank) {
  const running *r = user;
  model_batch_beside(r->batch, index, rank);
}

static void begin_components(model_batch *batch) {
  batch->component_seconds = 0;
  for (size_t m = 0; m < batch->member_count; m++)
    for (size_t s = 0; s < batch->members[m].model->scorer_count; s++)
      model_projection_start(&batch->members[m].scores->projections[s], batch->images);
}

static void finish_components(model_batch *batch) {
  const double start = base_machine_seconds();
  for (size_t m = 0; m < batch->member_count; m++) {
    const model_scores *scores = batch->members[m].scores;
    for (size_t s = 0; s < scores->model->scorer_count; s++)
      model_projection_finish(&scores->projections[s], scores->values[s], scores->widths[s]);
  }
  batch->component_seconds += base_machine_seconds() - start;
}

static bool goes_on(void *user) {
  running *r = user;
  r->status = base_ask_cancel(r->batch->run, r->error);
  return !r->status;
}

berg_status model_run_processor(model_batch *batch, berg_error *error) {
  berg_model *model = batch->model;
  running r = {batch, BERG_OK, error};
  const vit_hooks hooks = {
      .after_block = after_block, .begin_beside = begin_beside, .beside = beside, .goes_on = goes_on, .user = &r};
  begin_components(batch);
  vit_network_run(model->network, batch->loads[batch->now].pixels, batch->images, batch->team, batch->workspace,
                  batch->tokens, &hooks);
  if (r.status) return r.status;
  model->images_done += batch->images;
  finish_components(batch);
  return BERG_OK;
}
