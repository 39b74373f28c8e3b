/* The plan as JSON: keys that end in _bytes, _flops and seconds say their units. */
#include <cjson/cJSON.h>

#include "base/options.h"
#include "io/value/json_print.h"
#include "io/value/json_build.h"
#include "train/job/plan.h"
#include "train/job/set_pca.h"
#include "train/job/stages.h"

static void add_subjects(cJSON *tree, const train_plan *plan) {
  cJSON *subjects = io_json_add_list(tree, "subjects");
  for (size_t s = 0; s < plan->job.subject_count; s++) {
    const train_subject *subject = &plan->job.subjects[s];
    cJSON *entry = io_json_add_object(subjects, NULL);
    model_add_subject(entry, "subject", subject->name);
    io_json_add_text(entry, "label", subject->label);
    io_json_add_number(entry, "trials", (double)subject->trials);
    io_json_add_number(entry, train_targets_unit(&plan->job), (double)subject->targets);
    io_json_add_text(entry, "responses", subject->responses[0]);
    io_json_add_number(entry, "chunks", (double)plan->chunks[s]);
    io_json_add_text(entry, "weights", subject->weights);
  }
}

static void add_images(cJSON *tree, const train_plan *plan) {
  const train_images *images = &plan->job.images;
  cJSON *entry = io_json_add_object(tree, "images");
  io_json_add_text(entry, "folder", plan->job.options->images);
  io_json_add_number(entry, "count", (double)images->count);
  io_json_add_number(entry, "sets", (double)plan->job.set_count);
  io_json_add_number(entry, "total_bytes", (double)images->bytes);
  cJSON *missing = io_json_add_list(entry, "missing");
  for (size_t i = 0; i < images->missing_count; i++) io_json_add_text(missing, NULL, images->missing[i]);
}

static void add_stages(cJSON *tree, const train_plan *plan) {
  double flop = 0;
  cJSON *stages = io_json_add_list(tree, "stages");
  for (size_t i = 0; i < plan->task_count; i++) {
    const train_task *task = &plan->tasks[i];
    cJSON *stage = io_json_add_object(stages, NULL);
    io_json_add_text(stage, "stage", task->kind->name);
    if (task->kind->scope == TRAIN_OF_SUBJECT) {
      model_add_subject(stage, "subject", plan->job.subjects[task->of].name);
      io_json_add_text(stage, "label", plan->job.subjects[task->of].label);
    }
    io_json_add_text(stage, "unit", train_stage_unit(plan, task->kind));
    io_json_add_number(stage, "total", (double)task->count);
    io_json_add_number(stage, "grain", (double)train_stage_grain(plan, task->kind, task->of));
    io_json_add_number(stage, "done", (double)(task->is_whole ? task->count : io_ranges_total(&task->done)));
    io_json_add_number(stage, "flop", task->cost.flop);
    io_json_add_number(stage, "read_bytes", task->cost.bytes_read);
    io_json_add_number(stage, "written_bytes", task->cost.bytes_written);
    io_json_add_number(stage, "memory_bytes", (double)task->memory);
    io_json_add_number(stage, "seconds", task->seconds);
    flop += task->cost.flop;
  }
  io_json_add_number(tree, "flop", flop);
  io_json_add_number(tree, "product_flops", plan->product_flops);
  io_json_add_number(tree, "seconds", plan->seconds);
}

static void add_limits(cJSON *tree, const train_plan *plan) {
  cJSON *memory = io_json_add_object(tree, "memory");
  io_json_add_number(memory, "limit_bytes", (double)plan->job.memory);
  io_json_add_number(memory, "needed_bytes", (double)plan->memory_needed);
  io_json_add_number(memory, "least_bytes", (double)plan->memory_least);
  cJSON *disk = io_json_add_object(tree, "disk");
  io_json_add_text(disk, "folder", plan->job.work);
  io_json_add_number(disk, "needed_bytes", (double)plan->disk_needed);
  io_json_add_number(disk, "free_bytes", (double)plan->disk_free);
  io_json_add_number(disk, "earlier_bytes", (double)plan->leftover_bytes);
  io_json_add_number(disk, "earlier_files", (double)plan->leftovers);
  io_json_add_bool(tree, "fits", train_plan_check(plan, NULL) == BERG_OK);
}

berg_status train_plan_json(const train_plan *plan, char **json, berg_error *error) {
  const train_job *job = &plan->job;
  cJSON *tree = io_json_object();
  add_subjects(tree, plan);
  add_images(tree, plan);
  cJSON *features = io_json_add_object(tree, "features");
  io_json_add_text(features, "kind", job->tokens == 1 ? "class-token" : "all");
  io_json_add_number(features, "count", (double)job->features);
  io_json_add_text(features, "backbone", plan->network ? plan->network->backbone.path : "");
  io_json_add_number(features, "batch", plan->network ? (double)plan->network->batch : 0);
  io_json_add_number(tree, "components", (double)job->components);
  io_json_add_text(tree, "eigenvectors", train_set_way(plan));
  cJSON *regression = io_json_add_object(tree, "regression");
  io_json_add_text(regression, "method", job->regression.method);
  io_json_add_number(tree, "threads", job->threads);
  add_stages(tree, plan);
  add_limits(tree, plan);
  berg_status status = io_json_print(tree, json, error);
  cJSON_Delete(tree);
  return status;
}

berg_status berg_train_plan(char **json, const char *model_id, const berg_train_options *given, berg_error *error) {
  berg_train_options options;
  train_plan plan;
  *json = NULL;
  berg_status status = BASE_TAKE(berg_train_options, &options, given, error);
  if (!status) status = train_plan_open(&plan, model_id, &options, error);
  if (status) return status;
  status = train_plan_json(&plan, json, error);
  if (!status) status = train_images_check(&plan.job.images, error);
  if (!status) status = train_plan_check(&plan, error);
  train_plan_close(&plan);
  return status;
}
