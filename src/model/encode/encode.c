/* The loop over batches, and its sinks into the caller's memory. */
#include "model/encode/encode.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"
#include "base/progress.h"
#include "model/encode/packed.h"
#include "model/encode/run.h"
#include "model/encode/stored.h"
#include "model/stimuli/stimuli.h"

/* What was left out since `told` files were. */
static berg_status tell_skipped(const berg_stimuli *stimuli, size_t *told, const berg_run *run, berg_error *error) {
  berg_status status = BERG_OK;
  for (; *told < berg_stimuli_skipped_count(stimuli) && !status; (*told)++)
    if (run) status = base_warn(run->warn, run->user, error, "left out: %s", berg_stimuli_skipped(stimuli, *told));
  return status;
}

/* The largest batch of the first model that the memory limit allows with all of them. */
static size_t batch_of(const model_pass *pass) {
  const berg_model *first = model_pass_network(pass);
  size_t batch = first->batch;
  while (first->memory && batch > 1 && model_pass_memory(pass, batch, false) > first->memory) batch = (batch + 1) / 2;
  return batch;
}

/* Whether packing the network would still keep to the memory. */
static bool may_pack(const model_pass *pass, size_t batch) {
  const berg_model *first = model_pass_network(pass);
  return !first->device && (!first->memory || model_pass_memory(pass, batch, true) <= first->memory);
}

static berg_status take(const model_pass *pass, model_batch *batch, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t m = 0; m < batch->member_count && !status; m++) {
    const model_member *member = &batch->members[m];
    if (member->sink->take) status = member->sink->take(member->sink->user, batch, member, error);
  }
  return status || !pass->take ? status : pass->take(pass->user, batch, error);
}

/* Images [from, from + count) to scores of all members: by the network, or as a store has them. */
static berg_status score_batch(const model_pass *pass, model_batch *batch, berg_stimuli *stimuli, size_t from,
                               size_t count, size_t next, size_t *told, const berg_run *run, berg_error *error) {
  if (model_stimuli_scored(stimuli)) return model_batch_take_stored(batch, stimuli, from, count, error);
  berg_status status = model_batch_load(batch, stimuli, from, count, next, error);
  if (!status) status = tell_skipped(stimuli, told, run, error);
  if (!status && pass->choose) status = pass->choose(pass->user, batch, error);
  return status ? status : model_batch_run(batch, error);
}

static berg_status pack(berg_model *model, size_t images, const berg_run *run, berg_error *error) {
  model->run = run;
  berg_status status = model_pack_when_it_pays(model, images, error);
  model->run = NULL;
  return status;
}

static berg_status encode_batches(const model_pass *pass, berg_stimuli *stimuli, size_t first, const berg_run *run,
                                  berg_error *error) {
  berg_model *model = model_pass_network(pass);
  const size_t end = pass->end ? pass->end : berg_stimuli_count(stimuli), left = end - first, most = batch_of(pass);
  const size_t total = pass->total ? pass->total : end, counted = pass->total ? pass->counted : first;
  const size_t before = pass->number * total + counted - first, all = pass->of * total;
  size_t told = pass->number || pass->goes_on ? berg_stimuli_skipped_count(stimuli) : 0;
  if (!left) return BERG_OK;
  /* batches of the same size rather than a small last one */
  const size_t batches = (left + most - 1) / most;
  const double start = base_machine_seconds();
  model_batch *batch;
  berg_status status = model_batch_of(&batch, model, pass->models, pass->sinks, pass->count,
                                      (left + batches - 1) / batches, batches > 1, error);
  if (status) return status;
  batch->run = run;
  if (!model_stimuli_scored(stimuli)) model->calls++;
  for (size_t b = 0; b < batches && !status; b++) {
    const size_t from = first + left * b / batches, to = first + left * (b + 1) / batches;
    const size_t next = b + 1 < batches ? first + left * (b + 2) / batches - to : 0;
    status = base_progress(run, before + from, all, start, "images", error);
    /* before there is a team: packing has its own, which is then this one's threads */
    if (!status && !model_stimuli_scored(stimuli) && may_pack(pass, batch->most))
      status = pack(model, to - from, run, error);
    batch->team = base_team_begin(model->threads);
    if (!status) status = score_batch(pass, batch, stimuli, from, to - from, next, &told, run, error);
    if (!status) status = take(pass, batch, error);
    base_team_end(batch->team);
  }
  model_stimuli_ahead_end(stimuli);
  batch->team = NULL;
  batch->run = NULL;
  batch->member_count = 0;
  return status ? status : base_progress(run, before + end, all, start, "images", error);
}

berg_status model_encode(const model_pass *pass, berg_stimuli *stimuli, size_t first, const berg_run *run,
                         berg_error *error) {
  berg_model *const *models = pass->all ? pass->all : pass->models;
  const size_t count = pass->all ? pass->all_count : pass->count;
  size_t ours = 0;
  while (ours < count && !atomic_exchange(&models[ours]->in_use, true)) ours++;
  berg_status status = BERG_OK;
  if (ours == count) {
    status = model_stored_check(pass, stimuli, run, error);
    if (!status) model_pass_let_rest(pass);
    if (!status) status = encode_batches(pass, stimuli, first, run, error);
  } else {
    status = base_fail(error, BERG_EARGUMENT,
                       "the model is in use by another call, or was in another thread when this process was forked: it "
                       "serves one call at a time");
  }
  for (size_t m = 0; m < ours; m++) atomic_store(&models[m]->in_use, false);
  return status;
}

/* --- Into memory: row i of the result is image i, NaN where it was left out --- */

typedef struct target {
  float *rows; /* [images][width] */
  size_t width;
  size_t first_scorer, scorer_count; /* of scores */
  size_t filled;                     /* rows before this one are written */
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

static berg_status take_responses(void *user, model_batch *batch, const model_member *member, berg_error *error) {
  target *t = user;
  (void)error;
  if (!batch->images) return BERG_OK;
  size_t first = t->filled;
  model_batch_respond(batch, member, 0, batch->images, t->rows + first * t->width);
  spread_rows(t, batch, first);
  return BERG_OK;
}

/* Those of one scorer after the other. */
static void copy_scores(const target *t, const model_member *member, size_t image, float *to) {
  for (size_t s = t->first_scorer; s < t->first_scorer + t->scorer_count; s++) {
    const size_t k = member->model->scorers[s].basis->components;
    memcpy(to, member->scores->values[s] + image * member->scores->widths[s], k * sizeof *to);
    to += k;
  }
}

static berg_status take_scores(void *user, model_batch *batch, const model_member *member, berg_error *error) {
  target *t = user;
  (void)error;
  for (size_t i = 0; i < batch->images; i++) {
    fill_missing(t, batch->indices[i]);
    copy_scores(t, member, i, t->rows + batch->indices[i] * t->width);
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

static berg_status take_features(void *user, model_batch *batch, const model_member *member, berg_error *error) {
  target *t = user;
  (void)error, (void)member;
  if (batch->images) spread_rows(t, batch, t->filled);
  return BERG_OK;
}

static berg_status encode_into(berg_model *model, berg_stimuli *stimuli, target *t, const berg_run *given,
                               const model_sink *sink, berg_error *error) {
  berg_run run;
  const model_pass pass = {.models = &model, .sinks = sink, .count = 1, .of = 1};
  berg_status status = BASE_TAKE(berg_run, &run, given, error);
  if (!status) status = model_encode(&pass, stimuli, 0, &run, error);
  if (!status) fill_missing(t, berg_stimuli_count(stimuli));
  return status;
}

static model_sink sink_of(target *t) {
  return (model_sink){.wants = MODEL_RESPONSES, .user = t, .place = place_responses, .take = take_responses};
}

static model_sink scores_sink_of(target *t) {
  return (model_sink){.wants = MODEL_SCORES, .user = t, .take = take_scores};
}

berg_status berg_encode(berg_model *model, berg_stimuli *stimuli, float *responses, const berg_run *run,
                        berg_error *error) {
  target t = {.rows = responses, .width = model->columns};
  const model_sink sink = sink_of(&t);
  return encode_into(model, stimuli, &t, run, &sink, error);
}

static berg_status encode_passes(berg_model *const *models, size_t count, berg_stimuli *stimuli, target *targets,
                                 model_sink *sinks, const size_t *passes, size_t pass_count, const berg_run *run,
                                 berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t p = 0; p < pass_count && !status; p++) {
    const model_pass pass = model_pass_number(p, pass_count, passes, models, sinks, count);
    status = model_encode(&pass, stimuli, 0, run, error);
  }
  for (size_t i = 0; i < count && !status; i++) fill_missing(&targets[i], berg_stimuli_count(stimuli));
  return status;
}

/* Responses, or scores of all subjects, of each model. */
static target target_of(const berg_model *model, model_wants wants, float *rows) {
  target t = {.rows = rows, .width = model->columns, .scorer_count = model->scorer_count};
  if (wants == MODEL_SCORES) t.width = 0;
  for (size_t s = 0; s < model->subject_count && wants == MODEL_SCORES; s++) t.width += berg_model_components(model, s);
  return t;
}

static berg_status encode_together(berg_model *const *models, size_t count, berg_stimuli *stimuli, model_wants wants,
                                   float *const *rows, const berg_run *given, berg_error *error) {
  berg_run run;
  size_t pass_count;
  berg_status status = BASE_TAKE(berg_run, &run, given, error);
  target *targets = base_calloc(count, sizeof *targets, error);
  model_sink *sinks = base_calloc(count, sizeof *sinks, error);
  size_t *passes = base_calloc(count, sizeof *passes, error);
  if (!status && !(targets && sinks && passes)) status = BERG_ELIMIT;
  for (size_t i = 0; i < count && !status; i++) {
    targets[i] = target_of(models[i], wants, rows[i]);
    sinks[i] = wants == MODEL_SCORES ? scores_sink_of(&targets[i]) : sink_of(&targets[i]);
  }
  if (!status) status = model_passes(models, count, stimuli, passes, &pass_count, error);
  if (!status) status = model_passes_tell(models, count, passes, pass_count, &run, error);
  if (!status) status = encode_passes(models, count, stimuli, targets, sinks, passes, pass_count, &run, error);
  base_free(targets);
  base_free(sinks);
  base_free(passes);
  return status;
}

berg_status berg_encode_many(berg_model *const *models, size_t count, berg_stimuli *stimuli, float *const *responses,
                             const berg_run *run, berg_error *error) {
  return encode_together(models, count, stimuli, MODEL_RESPONSES, responses, run, error);
}

berg_status berg_encode_many_scores(berg_model *const *models, size_t count, berg_stimuli *stimuli,
                                    float *const *scores, const berg_run *run, berg_error *error) {
  return encode_together(models, count, stimuli, MODEL_SCORES, scores, run, error);
}

berg_status berg_encode_scores(berg_model *model, berg_stimuli *stimuli, size_t subject_index, float *scores,
                               const berg_run *run, berg_error *error) {
  if (subject_index >= model->subject_count)
    return base_fail(error, BERG_EARGUMENT, "subject index %zu: the model has %zu", subject_index,
                     model->subject_count);
  const model_subject *subject = &model->subjects[subject_index];
  target t = {.rows = scores,
              .width = berg_model_components(model, subject_index),
              .first_scorer = subject->first_scorer,
              .scorer_count = subject->scorer_count};
  const model_sink sink = scores_sink_of(&t);
  return encode_into(model, stimuli, &t, run, &sink, error);
}

berg_status berg_encode_features(berg_model *model, berg_stimuli *stimuli, float *features, const berg_run *run,
                                 berg_error *error) {
  target t = {.rows = features, .width = VIT_FEATURES};
  const model_sink sink = {.wants = MODEL_FEATURES, .user = &t, .block = copy_block, .take = take_features};
  return encode_into(model, stimuli, &t, run, &sink, error);
}
