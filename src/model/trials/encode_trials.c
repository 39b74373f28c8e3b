/* Trials of all images into the caller's memory: NaN where an image was left out. */
#include <math.h>

#include "base/memory.h"
#include "base/options.h"
#include "model/encode/encode.h"
#include "model/encode/run.h"
#include "model/stimuli/stimuli.h"
#include "model/trials/trials.h"

typedef struct target {
  model_trials *trials;
  float *responses; /* [images][trials][columns] */
  size_t width;     /* of an image */
  size_t filled;    /* images before this one are there */
  float *predictions;
} target;

static void fill_missing(target *t, size_t end) {
  for (; t->filled < end; t->filled++)
    for (size_t j = 0; j < t->width; j++) t->responses[t->filled * t->width + j] = NAN;
}

/* Images that follow one another among the stimuli, too, lie so in the responses. */
static size_t end_of_row(const model_batch *batch, size_t first) {
  size_t end = first + 1;
  while (end < batch->images && batch->indices[end] == batch->indices[end - 1] + 1) end++;
  return end;
}

static berg_status take(void *user, model_batch *batch, const model_member *member, berg_error *error) {
  target *t = user;
  const size_t columns = member->model->columns;
  if (!batch->images) return BERG_OK;
  if (!t->predictions && !(t->predictions = base_alloc_large(batch->most * columns, sizeof(float), error)))
    return BERG_ELIMIT;
  berg_status status = model_trials_identify(t->trials, batch, error);
  if (status) return status;
  model_batch_respond(batch, member, 0, batch->images, t->predictions);
  for (size_t first = 0, end; first < batch->images; first = end) {
    end = end_of_row(batch, first);
    fill_missing(t, batch->indices[first]);
    model_trials_make(t->trials, batch->team, first, end - first, t->predictions + first * columns,
                      t->responses + t->filled * t->width);
    t->filled += end - first;
  }
  return BERG_OK;
}

static berg_status encode(berg_model *model, berg_stimuli *stimuli, target *t, const berg_run *run, berg_error *error) {
  const model_sink sink = {.wants = MODEL_RESPONSES, .trials = t->trials->count, .user = t, .take = take};
  const model_pass pass = {.models = &model, .sinks = &sink, .count = 1, .of = 1};
  t->width = t->trials->count * model->columns;
  berg_status status = model_encode(&pass, stimuli, 0, run, error);
  if (!status) fill_missing(t, berg_stimuli_count(stimuli));
  base_free_large(t->predictions);
  return status;
}

berg_status berg_encode_trials(berg_model *model, berg_stimuli *stimuli, const berg_trials_options *given,
                               float *responses, const berg_run *given_run, berg_error *error) {
  berg_trials_options options;
  berg_run run;
  target t = {.responses = responses};
  berg_status status = BASE_TAKE(berg_trials_options, &options, given, error);
  if (!status) status = BASE_TAKE(berg_run, &run, given_run, error);
  if (!status) status = model_trials_open(&t.trials, model, &options, &run, error);
  if (!status) status = encode(model, stimuli, &t, &run, error);
  model_trials_free(t.trials);
  return status;
}
