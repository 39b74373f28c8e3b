/* Loading a model onto a device, and a batch by it: a thread waits for it, all others bring the next batch's images. */
#include <string.h>

#include "base/memory.h"
#include "base/thread.h"
#include "model/device/device.h"
#include "model/encode/run.h"

/* --- Loading --- */

/* One matrix of coefficients for each scorer: those of its responders, which are neighbours among the columns. */
static berg_status join_rows(const berg_model *model, size_t scorer, model_rows *joined, berg_error *error) {
  const size_t k = model->scorers[scorer].basis->components;
  size_t at = 0;
  *joined = (model_rows){.coefficient_bytes = k * sizeof(float)};
  for (size_t r = 0; r < model->responder_count; r++)
    if (model->responders[r].scorer == scorer) joined->count += model->responders[r].rows.count;
  joined->coefficients = joined->own_coefficients = base_alloc_large(joined->count * k, sizeof(float), error);
  joined->intercepts = base_alloc(joined->count, sizeof(float), error);
  if (!joined->own_coefficients || !joined->intercepts) return BERG_ELIMIT;
  for (size_t r = 0; r < model->responder_count; r++) {
    const model_rows *rows = &model->responders[r].rows;
    if (model->responders[r].scorer != scorer) continue;
    for (size_t i = 0; i < rows->count; i++, at++) {
      memcpy(joined->own_coefficients + at * k, (const char *)rows->coefficients + i * rows->coefficient_bytes,
             k * sizeof(float));
      joined->intercepts[at] = rows->intercepts[i];
    }
  }
  return BERG_OK;
}

static const model_responder *only_responder(const berg_model *model, size_t scorer) {
  const model_responder *only = NULL;
  for (size_t r = 0; r < model->responder_count; r++) {
    if (model->responders[r].scorer != scorer) continue;
    if (only) return NULL;
    only = &model->responders[r];
  }
  return only;
}

berg_status model_load_device(berg_model *model, berg_error *error) {
  const size_t count = model->scorer_count;
  model_device_subject *subjects = base_calloc(count, sizeof *subjects, error);
  model_rows *joined = base_calloc(count, sizeof *joined, error);
  berg_status status = subjects && joined ? BERG_OK : BERG_ELIMIT;
  if (!status && model->layout && !model->columns)
    status = base_fail(error, BERG_EDEVICE, "nothing is selected: a device has nothing to do");
  for (size_t s = 0; s < count && !status; s++) {
    const model_responder *only = only_responder(model, s);
    if (!only) status = join_rows(model, s, &joined[s], error);
    subjects[s] = (model_device_subject){model->scorers[s].basis, only ? &only->rows : &joined[s]};
  }
  if (!status) status = model_device_load(model->device, &model->backbone, subjects, count, model->precision, error);
  for (size_t s = 0; s < count && joined; s++) model_rows_release(&joined[s]);
  base_free(joined);
  base_free(subjects);
  return status;
}

/* --- Running --- */

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

/* Where responses come while it runs: the sink's place, or pinned memory. */
static berg_status place_responses(const model_batch *batch, model_member *member, berg_error *error) {
  const berg_model *model = member->model;
  const model_sink *sink = member->sink;
  member->responses = NULL;
  if (sink->wants != MODEL_RESPONSES) return BERG_OK;
  if (sink->place && (member->responses = sink->place(sink->user))) return BERG_OK;
  const size_t bytes = batch->room * model->columns * sizeof(float);
  if (!member->scores->pinned) member->scores->pinned = model_device_alloc(model->device, bytes);
  member->responses = member->scores->pinned;
  if (member->responses) return BERG_OK;
  return base_fail(error, BERG_ELIMIT, "%s: %zu MB of pinned memory could not be allocated: smaller batches need less",
                   model_device_name(model->device), (bytes >> 20) + 1);
}

typedef struct features_of {
  const model_batch *batch;
  base_team *team; /* beside the batch's own, which brings the next images meanwhile */
} features_of;

static void take_block(void *user, size_t first, size_t images, size_t layer, const float *tokens) {
  const features_of *of = user;
  const model_sink *sink = of->batch->members[0].sink;
  const model_part part = {first, images, of->batch->indices + first};
  sink->block(sink->user, of->team, &part, layer, tokens);
}

berg_status model_run_device(model_batch *batch, berg_error *error) {
  const berg_model *model = batch->model;
  model_member *member = &batch->members[0];
  const bool features = member->sink->wants == MODEL_FEATURES;
  base_thread thread;
  berg_status status = place_responses(batch, member, error);
  if (status) return status;
  features_of of = {batch, features ? base_team_begin(model->threads) : NULL};
  const model_device_batch run = {.pixels = batch->loads[batch->now].pixels,
                                  .images = batch->images,
                                  .responses = member->responses,
                                  .columns = model->columns,
                                  .scores = member->scores->values,
                                  .score_widths = member->scores->widths,
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
