/* What encoding would take, before it begins: time at the rate that products have here, memory, passes. */
#include <cjson/cJSON.h>

#include "base/memory.h"
#include "io/value/json_build.h"
#include "io/value/json_print.h"
#include "model/encode/encode.h"
#include "model/inspect/bench.h"

/* How long products are timed, and the share of their rate that encoding reaches: int8; others reach more. */
#define TURN_SECONDS 0.2
#define SHARE 0.8

static berg_status measure(const berg_model *model, double *flops, berg_error *error) {
  la_rate *rate;
  berg_status status = la_rate_new(&rate, model->gemm, MODEL_BENCH_ROWS, model->threads, error);
  if (status) return status;
  *flops = la_rate_products(rate, TURN_SECONDS);
  la_rate_free(rate);
  return BERG_OK;
}

/* Of the pass that takes most: the network packed, where that is allowed. */
static size_t memory_of(berg_model *const *models, size_t count, const size_t *passes, size_t pass_count) {
  size_t most = 0;
  for (size_t p = 0; p < pass_count; p++) {
    const model_pass pass = model_pass_number(p, pass_count, passes, models, NULL, count);
    const size_t limit = models[0]->memory, bytes = model_pass_memory(&pass, models[0]->batch, true);
    if (bytes > most) most = bytes;
    if (limit && most > limit) most = limit;
  }
  return most;
}

static cJSON *tree_of(berg_model *const *models, size_t count, size_t images, const size_t *passes, size_t pass_count,
                      double flops) {
  size_t columns = 0;
  double flop = 0;
  for (size_t m = 0; m < count; m++) {
    const model_work work = model_bench_work(models[m]);
    columns += models[m]->columns;
    flop += work.components + work.regression + (m < pass_count ? work.network : 0);
  }
  cJSON *tree = io_json_object();
  io_json_add_number(tree, "images", (double)images);
  io_json_add_number(tree, "columns", (double)columns);
  io_json_add_number(tree, "passes", (double)pass_count);
  io_json_add_text(tree, "precision", berg_model_precision(models[0]));
  io_json_add_text(tree, "isa", berg_model_isa(models[0]));
  io_json_add_number(tree, "threads", models[0]->threads);
  io_json_add_number(tree, "flop", flop * (double)images);
  io_json_add_number(tree, "product_flops", flops);
  io_json_add_number(tree, "seconds", flops > 0 ? flop * (double)images / flops / SHARE : 0);
  io_json_add_number(tree, "memory_bytes", (double)memory_of(models, count, passes, pass_count));
  return tree;
}

berg_status berg_encode_plan(char **json, berg_model *const *models, size_t count, const berg_stimuli *stimuli,
                             berg_error *error) {
  double flops = 0;
  size_t *passes = base_alloc(count ? count : 1, sizeof *passes, error), pass_count = 0;
  *json = NULL;
  if (!passes) return BERG_ELIMIT;
  berg_status status = model_passes(models, count, stimuli, passes, &pass_count, error);
  if (!status) status = measure(models[0], &flops, error);
  cJSON *tree = status ? NULL : tree_of(models, count, berg_stimuli_count(stimuli), passes, pass_count, flops);
  if (!status) status = io_json_print(tree, json, error);
  cJSON_Delete(tree);
  base_free(passes);
  return status;
}
