/* The plan as JSON: keys that end in _bytes, _flops and seconds say their units. */
#include <cjson/cJSON.h>

#include "io/json_print.h"
#include "train/plan.h"

static void add_subjects(cJSON *tree, const train_plan *plan) {
  cJSON *subjects = cJSON_AddArrayToObject(tree, "subjects");
  for (size_t s = 0; s < plan->job.subject_count; s++) {
    const train_subject *subject = &plan->job.subjects[s];
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddItemToArray(subjects, entry);
    cJSON_AddNumberToObject(entry, "subject", subject->number);
    cJSON_AddNumberToObject(entry, "trials", (double)subject->trials);
    cJSON_AddNumberToObject(entry, "voxels", (double)subject->voxels);
    cJSON_AddStringToObject(entry, "responses", subject->responses);
    cJSON_AddNumberToObject(entry, "chunks", (double)plan->chunks[s]);
    cJSON_AddStringToObject(entry, "weights", subject->weights);
  }
}

static void add_images(cJSON *tree, const train_plan *plan) {
  const train_images *images = &plan->job.images;
  cJSON *entry = cJSON_AddObjectToObject(tree, "images");
  cJSON_AddStringToObject(entry, "folder", plan->job.options->images);
  cJSON_AddNumberToObject(entry, "count", (double)images->count);
  cJSON_AddNumberToObject(entry, "sets", (double)plan->job.set_count);
  cJSON_AddNumberToObject(entry, "total_bytes", (double)images->bytes);
  cJSON *missing = cJSON_AddArrayToObject(entry, "missing");
  for (size_t i = 0; i < images->missing_count; i++)
    cJSON_AddItemToArray(missing, cJSON_CreateString(images->missing[i]));
}

static void add_stages(cJSON *tree, const train_plan *plan) {
  double flop = 0;
  cJSON *stages = cJSON_AddArrayToObject(tree, "stages");
  for (size_t i = 0; i < plan->stage_count; i++) {
    const train_estimate *estimate = &plan->stages[i];
    cJSON *stage = cJSON_CreateObject();
    cJSON_AddItemToArray(stages, stage);
    cJSON_AddStringToObject(stage, "stage", estimate->stage);
    if (estimate->subject) cJSON_AddNumberToObject(stage, "subject", estimate->subject);
    cJSON_AddStringToObject(stage, "unit", estimate->unit);
    cJSON_AddNumberToObject(stage, "total", (double)estimate->total);
    cJSON_AddNumberToObject(stage, "done", (double)estimate->done);
    cJSON_AddNumberToObject(stage, "flop", estimate->cost.flop);
    cJSON_AddNumberToObject(stage, "read_bytes", estimate->cost.bytes_read);
    cJSON_AddNumberToObject(stage, "written_bytes", estimate->cost.bytes_written);
    cJSON_AddNumberToObject(stage, "memory_bytes", (double)estimate->memory);
    cJSON_AddNumberToObject(stage, "seconds", estimate->seconds);
    flop += estimate->cost.flop;
  }
  cJSON_AddNumberToObject(tree, "flop", flop);
  cJSON_AddNumberToObject(tree, "product_flops", plan->product_flops);
  cJSON_AddNumberToObject(tree, "seconds", plan->seconds);
}

static void add_limits(cJSON *tree, const train_plan *plan) {
  cJSON *memory = cJSON_AddObjectToObject(tree, "memory");
  cJSON_AddNumberToObject(memory, "limit_bytes", (double)plan->job.memory);
  cJSON_AddNumberToObject(memory, "needed_bytes", (double)plan->memory_needed);
  cJSON_AddNumberToObject(memory, "least_bytes", (double)plan->memory_least);
  cJSON *disk = cJSON_AddObjectToObject(tree, "disk");
  cJSON_AddStringToObject(disk, "folder", plan->job.work);
  cJSON_AddNumberToObject(disk, "needed_bytes", (double)plan->disk_needed);
  cJSON_AddNumberToObject(disk, "free_bytes", (double)plan->disk_free);
  cJSON_AddNumberToObject(disk, "earlier_bytes", (double)plan->leftover_bytes);
  cJSON_AddNumberToObject(disk, "earlier_files", (double)plan->leftovers);
  cJSON_AddBoolToObject(tree, "fits", train_plan_check(plan, NULL) == BERG_OK);
}

berg_status train_plan_json(const train_plan *plan, char **json, berg_error *error) {
  const train_job *job = &plan->job;
  cJSON *tree = cJSON_CreateObject();
  add_subjects(tree, plan);
  add_images(tree, plan);
  cJSON *features = cJSON_AddObjectToObject(tree, "features");
  cJSON_AddStringToObject(features, "kind", job->tokens == 1 ? "class-token" : "all");
  cJSON_AddNumberToObject(features, "count", (double)job->features);
  cJSON_AddStringToObject(features, "backbone", plan->network ? plan->network->backbone.path : "");
  cJSON_AddNumberToObject(features, "batch", plan->network ? (double)plan->network->batch : 0);
  cJSON_AddNumberToObject(tree, "components", (double)job->components);
  cJSON *regression = cJSON_AddObjectToObject(tree, "regression");
  cJSON_AddStringToObject(regression, "method", job->regression.method);
  cJSON_AddNumberToObject(tree, "threads", job->threads);
  add_stages(tree, plan);
  add_limits(tree, plan);
  return io_json_print(tree, json, error);
}

berg_status berg_train_plan(char **json, const char *model_id, const berg_train_options *options, berg_error *error) {
  berg_train_options defaults;
  train_plan plan;
  *json = NULL;
  berg_train_options_init(&defaults);
  berg_status status = train_plan_open(&plan, model_id, options ? options : &defaults, error);
  if (status) return status;
  status = train_plan_json(&plan, json, error);
  if (!status) status = train_images_check(&plan.job.images, error);
  if (!status) status = train_plan_check(&plan, error);
  train_plan_close(&plan);
  return status;
}
