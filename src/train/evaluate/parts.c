/* Encoding, joining and removing the parts of predictions. */
#include "train/evaluate/parts.h"

#include <string.h>

#include "base/memory.h"
#include "io/file/whole_file.h"
#include "io/value/json_build.h"
#include "io/value/json_print.h"
#include "model/output/shard_file.h"

berg_status train_parts_check(const berg_evaluate_options *options, berg_error *error) {
  if (options->shards && options->merge)
    return base_fail(error, BERG_EARGUMENT, "a part is encoded, or parts are merged: not both at once");
  if (options->shards && options->shard >= options->shards)
    return base_fail(error, BERG_EARGUMENT, "shard %zu (from 0) of %zu does not exist", options->shard,
                     options->shards);
  return BERG_OK;
}

/* As the encode of a part is told to name its files. */
static char *part_path(const train_evaluation *e, size_t number, size_t of, berg_error *error) {
  return base_format(error, "%s.part-%zu-of-%zu.npy", e->predictions[0].path, number, of);
}

static berg_output_options output_options(const train_evaluation *e) {
  berg_output_options output;
  berg_output_options_init(&output);
  output.force = e->options->force;
  output.resume = 1;
  output.sidecar = 1;
  output.command = e->options->command;
  return output;
}

berg_status train_parts_encode(const train_evaluation *e, berg_model *model, berg_stimuli *stimuli, berg_error *error) {
  const berg_evaluate_options *options = e->options;
  const berg_output_options output = output_options(e);
  char *path = part_path(e, options->shard + 1, options->shards, error);
  berg_status status = path ? model_stimuli_take_shard(stimuli, options->shard, options->shards, error) : BERG_ELIMIT;
  if (!status && e->run->stage) e->run->stage(e->run->user, "predictions", "images");
  if (!status) status = berg_encode_to_file(model, stimuli, path, &output, e->run, error);
  base_free(path);
  return status;
}

berg_status train_parts_report(const train_evaluation *e, char **report, berg_error *error) {
  char *path = part_path(e, e->options->shard + 1, e->options->shards, error);
  if (!path) return BERG_ELIMIT;
  cJSON *tree = io_json_object();
  io_json_add_text(tree, "model", e->model_id);
  io_json_add_text(tree, "subject", e->options->subject);
  io_json_add_number(tree, "shard", (double)(e->options->shard + 1));
  io_json_add_number(tree, "shards", (double)e->options->shards);
  io_json_add(tree, "part", model_provenance_text(path));
  berg_status status = io_json_print(tree, report, error);
  cJSON_Delete(tree);
  base_free(path);
  return status;
}

/* --- Joining --- */

/* Of all parts of all outputs, by number. */
static berg_status list_parts(train_evaluation *e, const berg_model *model, berg_error *error) {
  const size_t of = e->options->merge;
  e->parts = base_calloc(of, e->outputs * sizeof *e->parts, error);
  for (size_t i = 0; i < of && e->parts; i++) {
    char *path = part_path(e, i + 1, of, error);
    for (size_t o = 0; o < e->outputs && path; o++)
      if ((e->parts[e->part_count] = model_output_path(model, path, 0, o, error))) e->part_count++;
    base_free(path);
  }
  return e->part_count == of * e->outputs ? BERG_OK : BERG_ELIMIT;
}

/* Parts of another training, or of other images, may be a whole among themselves. */
static berg_status check_run(const train_evaluation *e, const berg_model *model, berg_stimuli *shard, size_t output,
                             berg_error *error) {
  const berg_output_options options = output_options(e);
  const model_output_task task = {.model = model, .stimuli = shard, .options = &options};
  char *first = part_path(e, 1, e->options->merge, error), run[BASE_SHA256_TEXT];
  model_output_file file = {.task = &task, .output = output, .columns = &model->subjects[0].outputs[output]};
  if (first) file.path = model_output_path(model, first, 0, output, error);
  model_shard_file part = {.about = NULL};
  berg_status status = file.path ? model_shard_file_read(&part, NULL, file.path, error) : BERG_ELIMIT;
  if (!status) status = model_shard_file_own_run(run, &file, error);
  if (!status && strcmp(run, part.run))
    status =
        base_fail(error, BERG_EINCOMPLETE,
                  "%s: the parts are of another model, other weights or other images than those that are here now; "
                  "run again: --array=1-%zu",
                  file.path, e->options->merge);
  model_shard_file_release(&part);
  base_free(file.path);
  base_free(first);
  return status;
}

static berg_status remove_sidecar(const char *path, berg_error *error) {
  char *sidecar = model_sidecar_path(path, ".json", error);
  berg_status status = sidecar ? io_remove_file(sidecar, error) : BERG_ELIMIT;
  base_free(sidecar);
  return status;
}

/* The predictions get a sidecar of their own, which says more. */
static berg_status remove_sidecars(const train_evaluation *e, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t o = 0; o < e->outputs && !status; o++) status = remove_sidecar(e->predictions[o].unfinished, error);
  return status;
}

berg_status train_parts_join(train_evaluation *e, berg_model *model, berg_stimuli *stimuli, const char *unfinished,
                             char **report, berg_error *error) {
  berg_merge_options options;
  berg_merge_options_init(&options);
  options.force = 1;
  options.threads = e->options->threads;
  berg_status status = list_parts(e, model, error);
  if (!status)
    status = berg_merge((const char *const *)e->parts, e->part_count, unfinished, &options, e->run, report, error);
  e->encoded = !status;
  if (!status) status = remove_sidecars(e, error);
  if (!status) status = model_stimuli_take_shard(stimuli, 0, e->options->merge, error);
  for (size_t o = 0; o < e->outputs && !status; o++) status = check_run(e, model, stimuli, o, error);
  model_stimuli_take_all(stimuli);
  return status;
}

berg_status train_parts_remove(const train_evaluation *e, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t i = 0; i < e->part_count && !status; i++) {
    status = remove_sidecar(e->parts[i], error);
    if (!status) status = io_remove_file(e->parts[i], error);
  }
  return status;
}
