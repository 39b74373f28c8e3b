/* Speeds, each beside the limit that the machine had at the time: products and encoding take turns. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"
#include "io/value/json_build.h"
#include "io/value/json_print.h"
#include "model/inspect/bench.h"

#define BENCH_SIZE 256
/* What one turn of products takes between two of encoding. */
#define TURN_SECONDS 0.7

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double model_bench_median(cJSON *tree, const double *values, size_t count) {
  double *sorted = base_alloc(count, sizeof *sorted, NULL);
  if (!sorted) io_json_spoil(tree);
  if (!sorted) return 0;
  memcpy(sorted, values, count * sizeof *sorted);
  qsort(sorted, count, sizeof *sorted, ascending);
  double middle = count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
  base_free(sorted);
  return middle;
}

model_work model_bench_work(const berg_model *model) {
  const double t = VIT_TOKENS, c = VIT_CHANNELS;
  model_work work = {.network = 2 * ((t - 1) * VIT_PATCH_VALUES * c +
                                     VIT_LAYERS * (t * c * (VIT_QKV + c + 2.0 * VIT_HIDDEN) + 2 * t * t * c))};
  for (size_t s = 0; s < model->scorer_count; s++) {
    const model_basis *basis = model->scorers[s].basis;
    work.components += 2 * (double)basis->features * (double)basis->components;
  }
  for (size_t r = 0; r < model->responder_count; r++)
    work.regression += 2 * (double)model->responders[r].readout->components * (double)model->responders[r].rows.count;
  return work;
}

static double flop_per_image(const berg_model *model) {
  const model_work work = model_bench_work(model);
  return work.network + work.components + work.regression;
}

/* Pictures that differ, from a linear congruential generator (Knuth's MMIX constants). */
static uint8_t *make_images(size_t images, berg_error *error) {
  const size_t bytes = 3 * BENCH_SIZE * BENCH_SIZE;
  uint8_t *pixels = base_alloc(images * bytes, 1, error);
  uint64_t state = 1;
  for (size_t i = 0; pixels && i < images * bytes; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    pixels[i] = (uint8_t)(state >> 56);
  }
  return pixels;
}

typedef struct turns {
  double *encode, *flops, *share;
} turns;

static berg_status take_turns(berg_model *model, const berg_array *array, size_t repeats, la_rate *rate,
                              float *responses, const berg_run *run, turns *t, berg_error *error) {
  const double work = flop_per_image(model) * (double)array->shape[0], start = base_machine_seconds();
  berg_status status = BERG_OK;
  for (size_t r = 0; r <= repeats && !status; r++) { /* turn 0 is not counted: it packs, and touches memory first */
    berg_stimuli *stimuli = NULL;
    double flops = la_rate_products(rate, TURN_SECONDS / 2);
    status = berg_stimuli_from_array(&stimuli, array, BERG_NCHW, error);
    double begin = base_machine_seconds();
    if (!status) status = berg_encode(model, stimuli, responses, NULL, error);
    double spent = base_machine_seconds() - begin;
    berg_stimuli_free(stimuli);
    flops = (flops + la_rate_products(rate, TURN_SECONDS / 2)) / 2;
    if (!status && run && run->progress && run->progress(run->user, r, repeats, base_machine_seconds() - start))
      status = base_fail(error, BERG_ECANCELLED, "cancelled after %zu of %zu repeats", r, repeats);
    if (status || r == 0) continue;
    t->encode[r - 1] = spent;
    t->flops[r - 1] = flops;
    t->share[r - 1] = flops > 0 ? work / spent / flops : 0;
  }
  return status;
}

static cJSON *report(const berg_model *model, const berg_array *array, size_t repeats, const turns *t) {
  cJSON *tree = io_json_object();
  double middle = model_bench_median(tree, t->encode, repeats);
  io_json_add_number(tree, "images", (double)array->shape[0]);
  io_json_add_number(tree, "columns", (double)model->columns);
  io_json_add_text(tree, "precision", berg_model_precision(model));
  io_json_add_text(tree, "isa", berg_model_isa(model));
  io_json_add_number(tree, "threads", model->threads);
  io_json_add_number(tree, "images_per_second", middle > 0 ? (double)array->shape[0] / middle : 0);
  io_json_add_number(tree, "flop_per_image", flop_per_image(model));
  io_json_add_number(tree, "product_flops", model_bench_median(tree, t->flops, repeats));
  io_json_add_number(tree, "share", model_bench_median(tree, t->share, repeats));
  io_json_add_number(tree, "peak_memory_bytes", (double)base_machine_peak_memory());
  io_json_add_numbers(tree, "seconds", t->encode, repeats);
  io_json_add_numbers(tree, "shares", t->share, repeats);
  return tree;
}

berg_status berg_bench_model(char **json, berg_model *model, size_t images, size_t repeats, const berg_run *given,
                             berg_error *error) {
  berg_run run;
  *json = NULL;
  berg_status status = BASE_TAKE(berg_run, &run, given, error);
  if (status) return status;
  if (!images || !repeats || images > 100000 || repeats > 10000)
    return base_fail(error, BERG_EARGUMENT,
                     "bench: expected 1 to 100000 images and 1 to 10000 repeats, found %zu and %zu", images, repeats);
  if (model->device)
    return base_fail(error, BERG_EARGUMENT, "bench: the model is on %s, but the stages are the processor's: device cpu",
                     berg_model_device(model));
  la_rate *rate = NULL;
  uint8_t *pixels = make_images(images, error);
  float *responses = base_alloc_large(images * model->columns, sizeof(float), error);
  turns t = {base_calloc(repeats, sizeof(double), error), base_calloc(repeats, sizeof(double), error),
             base_calloc(repeats, sizeof(double), error)};
  status = pixels && responses && t.encode && t.flops && t.share ? BERG_OK : BERG_ELIMIT;
  if (!status) status = la_rate_new(&rate, model->gemm, MODEL_BENCH_ROWS, model->threads, error);
  berg_array array = {
      .dtype = BERG_U8, .itemsize = 1, .ndim = 4, .shape = {images, 3, BENCH_SIZE, BENCH_SIZE}, .data = pixels};
  array.strides[3] = 1;
  for (size_t d = 3; d-- > 0;) array.strides[d] = array.strides[d + 1] * (ptrdiff_t)array.shape[d + 1];
  if (!status) status = take_turns(model, &array, repeats, rate, responses, &run, &t, error);
  cJSON *tree = status ? NULL : report(model, &array, repeats, &t);
  if (!status) status = model_bench_stages(tree, model, &array, repeats, rate, error);
  if (!status) status = model_bench_one(tree, model, &array, repeats, error);
  if (!status) status = io_json_print(tree, json, error);
  cJSON_Delete(tree);
  la_rate_free(rate);
  base_free(pixels);
  base_free_large(responses);
  base_free(t.encode);
  base_free(t.flops);
  base_free(t.share);
  return status;
}
