/* Timing the stages of an encode, and one image at a time. */
#include "base/memory.h"
#include "io/value/json_build.h"
#include "model/encode/packed.h"
#include "model/encode/run.h"
#include "model/inspect/bench.h"

#define TURN_SECONDS 0.3

typedef struct stages {
  double *load, *network, *components, *regression, *flops; /* [repeats] */
} stages;

static berg_status leave_scores(void *user, model_batch *batch, const model_member *member, berg_error *error) {
  (void)user, (void)batch, (void)member, (void)error;
  return BERG_OK;
}

static berg_status time_batch(model_batch *batch, berg_stimuli *stimuli, size_t images, float *responses, size_t r,
                              stages *t, berg_error *error) {
  double start = base_machine_seconds();
  berg_status status = model_batch_load(batch, stimuli, 0, images, 0, error);
  t->load[r] = base_machine_seconds() - start;
  if (status) return status;
  start = base_machine_seconds();
  status = model_batch_run(batch, error);
  t->network[r] = base_machine_seconds() - start - batch->component_seconds;
  t->components[r] = batch->component_seconds;
  start = base_machine_seconds();
  if (!status) model_batch_respond(batch, &batch->members[0], 0, images, responses);
  t->regression[r] = base_machine_seconds() - start;
  return status;
}

static void add_stage(cJSON *to, const char *name, const double *seconds, double work, const double *flops,
                      size_t repeats) {
  cJSON *stage = io_json_add_object(to, name);
  const double middle = model_bench_median(to, seconds, repeats), rate = model_bench_median(to, flops, repeats);
  io_json_add_number(stage, "seconds", middle);
  if (work <= 0 || middle <= 0 || rate <= 0) return;
  io_json_add_number(stage, "flops", work / middle);
  io_json_add_number(stage, "share", work / middle / rate);
}

static void add_stages(cJSON *tree, const berg_model *model, size_t images, const stages *t, size_t repeats) {
  const model_work work = model_bench_work(model);
  const double n = (double)images;
  cJSON *to = io_json_add_object(tree, "stages");
  add_stage(to, "load", t->load, 0, t->flops, repeats);
  add_stage(to, "network", t->network, n * work.network, t->flops, repeats);
  add_stage(to, "components", t->components, n * work.components, t->flops, repeats);
  add_stage(to, "regression", t->regression, n * work.regression, t->flops, repeats);
}

berg_status model_bench_stages(cJSON *tree, berg_model *model, const berg_array *array, size_t repeats, la_rate *rate,
                               berg_error *error) {
  const size_t images = array->shape[0] < model->batch ? array->shape[0] : model->batch;
  double *times = base_calloc(5 * repeats, sizeof *times, error);
  float *responses = base_alloc_large(images * model->columns, sizeof(float), error);
  stages t = {times, times + repeats, times + 2 * repeats, times + 3 * repeats, times + 4 * repeats};
  const model_sink sink = {.wants = MODEL_SCORES, .take = leave_scores};
  berg_stimuli *stimuli = NULL;
  model_batch *batch = NULL;
  berg_status status = times && responses ? berg_stimuli_from_array(&stimuli, array, BERG_NCHW, error) : BERG_ELIMIT;
  if (!status) status = model_batch_of(&batch, model, &model, &sink, 1, images, false, error);
  if (!status) status = model_pack_when_it_pays(model, images, error);
  base_team *team = base_team_begin(model->threads);
  if (!status) batch->team = team;
  if (!status) status = time_batch(batch, stimuli, images, responses, 0, &t, error); /* touches memory first */
  for (size_t r = 0; r < repeats && !status; r++) {
    t.flops[r] = la_rate_products(rate, TURN_SECONDS);
    status = time_batch(batch, stimuli, images, responses, r, &t, error);
  }
  if (!status) add_stages(tree, model, images, &t, repeats);
  base_team_end(team);
  if (batch) batch->team = NULL, batch->member_count = 0;
  berg_stimuli_free(stimuli);
  base_free(times);
  base_free_large(responses);
  return status;
}

/* --- One image at a time --- */

#define CALLS 10 /* of each turn */

static size_t weight_bytes(const berg_model *model) {
  size_t bytes = vit_network_packed_bytes(model->network);
  for (size_t s = 0; s < model->scorer_count; s++) bytes += la_matrix_bytes(&model->scorers[s].directions);
  for (size_t r = 0; r < model->responder_count; r++) bytes += la_matrix_bytes(&model->responders[r].coefficients);
  return bytes;
}

static berg_status call(berg_model *model, berg_array image, const berg_array *images, size_t number, float *responses,
                        double *seconds, berg_error *error) {
  berg_stimuli *stimuli = NULL;
  const double start = base_machine_seconds();
  image.data = (const char *)images->data + (ptrdiff_t)(number % images->shape[0]) * images->strides[0];
  berg_status status = berg_stimuli_from_array(&stimuli, &image, BERG_NCHW, error);
  if (!status) status = berg_encode(model, stimuli, responses, NULL, error);
  berg_stimuli_free(stimuli);
  *seconds = base_machine_seconds() - start;
  return status;
}

berg_status model_bench_one(cJSON *tree, berg_model *model, const berg_array *images, size_t repeats,
                            berg_error *error) {
  const model_work each = model_bench_work(model);
  const double work = each.network + each.components + each.regression, bytes = (double)weight_bytes(model);
  double *times = base_calloc((CALLS + 2) * repeats, sizeof *times, error);
  float *responses = base_alloc_large(model->columns, sizeof(float), error);
  la_rate *rate = NULL;
  berg_array image = *images;
  image.shape[0] = 1;
  berg_status status =
      times && responses ? la_rate_new(&rate, model->gemm, VIT_TOKENS, model->threads, error) : BERG_ELIMIT;
  double *flops = times ? times + CALLS * repeats : NULL, *bandwidth = times ? flops + repeats : NULL, ignored;
  for (size_t i = 0; i < 3 && !status; i++) status = call(model, image, images, i, responses, &ignored, error);
  for (size_t r = 0; r < repeats && !status; r++) {
    flops[r] = la_rate_products(rate, TURN_SECONDS);
    status = la_rate_memory(model->threads, TURN_SECONDS, &bandwidth[r], error);
    for (size_t i = 0; i < CALLS && !status; i++)
      status = call(model, image, images, i, responses, &times[r * CALLS + i], error);
  }
  if (!status) {
    const double middle = model_bench_median(tree, times, CALLS * repeats),
                 arithmetic = work / model_bench_median(tree, flops, repeats),
                 reading = bytes / model_bench_median(tree, bandwidth, repeats);
    cJSON *one = io_json_add_object(tree, "one_image");
    io_json_add_number(one, "seconds", middle);
    io_json_add_number(one, "arithmetic_seconds", arithmetic);
    io_json_add_number(one, "weights_bytes", bytes);
    io_json_add_number(one, "reading_seconds", reading);
    io_json_add_number(one, "times_the_larger", middle / (arithmetic > reading ? arithmetic : reading));
  }
  la_rate_free(rate);
  base_free(times);
  base_free_large(responses);
  return status;
}
