/* A batch by a device: a thread waits for it, all others bring the next batch's images. */
#include "base/thread.h"
#include "model/device/device.h"
#include "model/encode/run.h"

typedef struct waiting {
  model_device *device;
  const model_device_batch *batch;
  berg_error *error;
  berg_status status;
} waiting;

static void *wait_for_device(void *user) {
  waiting *w = user;
  w->status = model_device_run(w->device, w->batch, w->error);
  return NULL;
}

/* Where responses come while it runs: the sink's place, or memory of the batch's own. */
static berg_status place_responses(model_batch *batch, berg_error *error) {
  const berg_model *model = batch->model;
  const model_sink *sink = batch->sink;
  batch->responses = NULL;
  if (sink->wants != MODEL_RESPONSES) return BERG_OK;
  if (sink->place && (batch->responses = sink->place(sink->user))) return BERG_OK;
  const size_t bytes = batch->room * model->columns * sizeof(float);
  if (!batch->own_responses) batch->own_responses = model_device_alloc(model->device, bytes);
  batch->responses = batch->own_responses;
  if (batch->responses) return BERG_OK;
  return base_fail(error, BERG_ELIMIT, "%s: %zu MB of pinned memory could not be allocated: smaller batches need less",
                   model_device_name(model->device), (bytes >> 20) + 1);
}

typedef struct features_of {
  const model_batch *batch;
  base_team *team; /* beside the batch's own, which brings the next images meanwhile */
} features_of;

static void take_block(void *user, size_t first, size_t images, size_t layer, const float *tokens) {
  const features_of *of = user;
  const model_sink *sink = of->batch->sink;
  const model_part part = {first, images, of->batch->indices + first};
  sink->block(sink->user, of->team, &part, layer, tokens);
}

berg_status model_run_device(model_batch *batch, berg_error *error) {
  const berg_model *model = batch->model;
  const bool features = batch->sink->wants == MODEL_FEATURES;
  base_thread thread;
  berg_status status = place_responses(batch, error);
  if (status) return status;
  features_of of = {batch, features ? base_team_begin(model->threads) : NULL};
  const model_device_batch run = {.pixels = batch->loads[batch->now].pixels,
                                  .images = batch->images,
                                  .responses = batch->responses,
                                  .columns = model->columns,
                                  .scores = batch->scores,
                                  .score_widths = batch->score_widths,
                                  .block = features ? take_block : NULL,
                                  .user = &of};
  waiting w = {model->device, &run, error, BERG_OK};
  if (base_thread_start(&thread, wait_for_device, &w)) {
    for (size_t step = 0; step < VIT_LAYERS; step++)
      base_team_share(batch->team, model_batch_beside_begin(batch, step), model_batch_beside, batch);
    base_thread_join(&thread);
  } else {
    wait_for_device(&w);
  }
  base_team_end(of.team);
  return w.status;
}
