/* The loop over batches, and its sinks into the caller's memory. */
#include "model/encode/encode.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"
#include "base/progress.h"
#include "model/encode/packed.h"
#include "model/encode/run.h"
#include "model/stimuli/stimuli.h"

/* What was left out since `told` files were. */
static berg_status tell_skipped(const berg_stimuli *stimuli, size_t *told, const berg_run *run, berg_error *error) {
  berg_status status = BERG_OK;
  for (; *told < berg_stimuli_skipped_count(stimuli) && !status; (*told)++)
    if (run) status = base_warn(run->warn, run->user, error, "left out: %s", berg_stimuli_skipped(stimuli, *told));
  return status;
}

static berg_status encode_batches(berg_model *model, berg_stimuli *stimuli, size_t first, const berg_run *run,
                                  const model_sink *sink, berg_error *error) {
  const size_t total = berg_stimuli_count(stimuli), left = total - first;
  size_t told = 0;
  if (!left) return BERG_OK;
  /* batches of the same size rather than a small last one */
  const size_t batches = (left + model->batch - 1) / model->batch;
  const double start = base_machine_seconds();
  model_batch *batch;
  berg_status status = model_batch_of(&batch, model, (left + batches - 1) / batches, batches > 1, error);
  if (status) return status;
  model->calls++;
  batch->sink = sink;
  for (size_t b = 0; b < batches && !status; b++) {
    const size_t from = first + left * b / batches, to = first + left * (b + 1) / batches;
    const size_t next = b + 1 < batches ? first + left * (b + 2) / batches - to : 0;
    status = base_progress(run, from, total, start, "images", error);
    /* before there is a team: packing has its own, which is then this one's threads */
    if (!status && !model->device) status = model_pack_when_it_pays(model, to - from, error);
    batch->team = base_team_begin(model->threads);
    if (!status) status = model_batch_load(batch, stimuli, from, to - from, next, error);
    if (!status) status = tell_skipped(stimuli, &told, run, error);
    if (!status) status = model_batch_run(batch, error);
    if (!status) status = sink->take(sink->user, batch, error);
    base_team_end(batch->team);
  }
  model_stimuli_ahead_end(stimuli);
  batch->team = NULL;
  batch->sink = NULL;
  return status ? status : base_progress(run, total, total, start, "images", error);
}

berg_status model_encode(berg_model *model, berg_stimuli *stimuli, size_t first, const berg_run *run,
                         const model_sink *sink, berg_error *error) {
  if (atomic_exchange(&model->in_use, true))
    return base_fail(error, BERG_EARGUMENT,
                     "the model is in use by another call, or was in another thread when this process was forked: it "
                     "serves one call at a time");
  berg_status status = encode_batches(model, stimuli, first, run, sink, error);
  atomic_store(&model->in_use, false);
  return status;
}

/* --- Into memory: row i of the result is image i, NaN where it was left out ------------------------------------------ */

typedef struct target {
  float *rows; /* [images][width] */
  size_t width;
  size_t subject; /* of scores */
  size_t filled;  /* rows before this one are written */
} target;

static void fill_missing(target *t, size_t end) {
  for (; t->filled < end; t->filled++)
    for (size_t j = 0; j < t->width; j++) t->rows[t->filled * t->width + j] = NAN;
}

/* The batch's rows lie one after the other; they move apart, from the last, where images between them were left out. */
static void spread_rows(target *t, const model_batch *batch, size_t first) {
  for (size_t i = batch->images; i-- > 0;)
    if (batch->indices[i] != first + i)
      memmove(t->rows + batch->indices[i] * t->width, t->rows + (first + i) * t->width, t->width * sizeof *t->rows);
  for (size_t i = 0; i < batch->images; i++) {
    fill_missing(t, batch->indices[i]);
    t->filled = batch->indices[i] + 1;
  }
}

/* On a device the rows come while it runs. */
static float *place_responses(void *user) {
  const target *t = user;
  return t->rows + t->filled * t->width;
}

static berg_status take_responses(void *user, const model_batch *batch, berg_error *error) {
  target *t = user;
  (void)error;
  if (!batch->images) return BERG_OK;
  size_t first = t->filled;
  model_batch_respond(batch, 0, batch->images, t->rows + first * t->width);
  spread_rows(t, batch, first);
  return BERG_OK;
}

static berg_status take_scores(void *user, const model_batch *batch, berg_error *error) {
  target *t = user;
  (void)error;
  for (size_t i = 0; i < batch->images; i++) {
    const float *from = batch->scores[t->subject] + i * batch->score_widths[t->subject];
    float *to = t->rows + batch->indices[i] * t->width;
    fill_missing(t, batch->indices[i]);
    memcpy(to, from, t->width * sizeof *to);
    t->filled = batch->indices[i] + 1;
  }
  return BERG_OK;
}

typedef struct block {
  float *features; /* of the first image */
  const float *tokens;
  size_t layer;
} block;

static void copy_image(void *user, size_t i, size_t rank) {
  const block *b = user;
  (void)rank;
  memcpy(b->features + (i * VIT_LAYERS + b->layer) * VIT_LAYER_FEATURES, b->tokens + i * VIT_LAYER_FEATURES,
         VIT_LAYER_FEATURES * sizeof *b->features);
}

static void copy_block(void *user, base_team *team, const model_part *part, size_t layer, const float *tokens) {
  const target *t = user;
  block b = {t->rows + (t->filled + part->first) * t->width, tokens, layer};
  base_team_share(team, part->images, copy_image, &b);
}

static berg_status take_features(void *user, const model_batch *batch, berg_error *error) {
  target *t = user;
  (void)error;
  if (batch->images) spread_rows(t, batch, t->filled);
  return BERG_OK;
}

static berg_status encode_into(berg_model *model, berg_stimuli *stimuli, target *t, const berg_run *given,
                               const model_sink *sink, berg_error *error) {
  berg_run run;
  berg_status status = BASE_TAKE(berg_run, &run, given, error);
  if (!status) status = model_encode(model, stimuli, 0, &run, sink, error);
  if (!status) fill_missing(t, berg_stimuli_count(stimuli));
  return status;
}

berg_status berg_encode(berg_model *model, berg_stimuli *stimuli, float *responses, const berg_run *run,
                        berg_error *error) {
  target t = {responses, model->columns, 0, 0};
  const model_sink sink = {.wants = MODEL_RESPONSES, .user = &t, .place = place_responses, .take = take_responses};
  return encode_into(model, stimuli, &t, run, &sink, error);
}

berg_status berg_encode_scores(berg_model *model, berg_stimuli *stimuli, size_t subject_index, float *scores,
                               const berg_run *run, berg_error *error) {
  if (subject_index >= model->subject_count)
    return base_fail(error, BERG_EARGUMENT, "subject index %zu: the model has %zu", subject_index,
                     model->subject_count);
  target t = {scores, model->subjects[subject_index].fitted.components, subject_index, 0};
  const model_sink sink = {.wants = MODEL_SCORES, .user = &t, .take = take_scores};
  return encode_into(model, stimuli, &t, run, &sink, error);
}

berg_status berg_encode_features(berg_model *model, berg_stimuli *stimuli, float *features, const berg_run *run,
                                 berg_error *error) {
  target t = {features, VIT_FEATURES, 0, 0};
  const model_sink sink = {.wants = MODEL_FEATURES, .user = &t, .block = copy_block, .take = take_features};
  return encode_into(model, stimuli, &t, run, &sink, error);
}
