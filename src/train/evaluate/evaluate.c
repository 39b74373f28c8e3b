/* From a trained model and the prepared test set to accuracy and ceilings in the model's metadata.
 *
 * Predictions are written beside their place and put there last, after the metadata and their sidecar: as long as they
 * are not there, a run that was interrupted is done again without force. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/isa.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/memory_limit.h"
#include "base/options.h"
#include "base/ranks.h"
#include "base/threads.h"
#include "io/container/container.h"
#include "io/value/json_build.h"
#include "io/value/json_print.h"
#include "io/file/folders.h"
#include "io/file/lock.h"
#include "io/value/json_print.h"
#include "io/file/whole_file.h"
#include "model/encode/sources.h"
#include "model/catalog/paths.h"
#include "model/catalog/prepared.h"
#include "model/catalog/registry.h"
#include "model/output/output_file.h"
#include "model/stimuli/stimuli.h"
#include "model/weights/fitted.h"
#include "train/evaluate/evaluate_sidecar.h"
#include "train/evaluate/measure.h"
#include "train/evaluate/parts.h"
#include "train/run/run.h"

#define DEFAULT_MEMORY ((size_t)4 << 30)

void(berg_evaluate_options_init)(berg_evaluate_options *options, size_t size) {
  const berg_evaluate_options defaults = {.subject = "1"};
  base_options_init(options, size, &defaults, sizeof defaults);
}

/* --- What there is before the work --- */

static berg_status make_output(train_evaluation *e, size_t output, berg_error *error) {
  train_predictions *predictions = &e->predictions[output];
  return model_path_predictions(&predictions->path, e->model_id, e->options->berg_dir, e->options->subject, output,
                                e->quarter, error);
}

/* Predictions and sidecars that are there. */
static berg_status check_places(const train_evaluation *e, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t o = 0; o < e->outputs && !status; o++) {
    const char *path = e->predictions[o].path;
    status = io_check_output(path, e->options->force, error);
    if (!status && e->options->sidecar && !e->options->force) status = train_sidecar_check(path, error);
  }
  return status;
}

static berg_status make_paths(train_evaluation *e, berg_error *error) {
  const char *berg_dir = e->options->berg_dir;
  const char *subject = e->options->subject, *id = e->model_id;
  berg_status status =
      model_path_prepared(&e->prepared_path, id, berg_dir, subject, MODEL_PREPARED_METADATA, 0, 0, error);
  if (!status) status = model_path_metadata(&e->metadata_path, id, berg_dir, subject, error);
  for (size_t o = 0; o < e->outputs && !status; o++) status = make_output(e, o, error);
  if (status) return status;
  e->lock_path = base_format(error, "%s.lock", e->predictions[0].path);
  return e->lock_path ? check_places(e, error) : BERG_ELIMIT;
}

static berg_status find_measure(train_evaluation *e, berg_error *error) {
  model_training training;
  berg_status status = train_check_model(e->model_id, error);
  if (status) return status;
  e->layout = model_layout_of(e->model_id);
  e->outputs = model_layout_outputs(e->layout);
  status = model_training_named(&training, e->layout, e->options->train_splits, error);
  if (status) return status;
  if (training == MODEL_EACH_QUARTER)
    return base_fail_at(error, &(base_fault){BERG_EPARAMETER, NULL, BERG_NO_OFFSET, "train_splits",
                                             "one model is evaluated at a time", "all, or split1 to split4", "single"});
  e->quarter = (unsigned)training;
  e->measure = train_measure_of(e->layout);
  if (e->measure) return BERG_OK;
  return base_fail(error, BERG_EPARAMETER, "%s: nothing is known to measure of this model", e->model_id);
}

/* All checks that are possible before the first image is encoded. */
static berg_status open_inputs(train_evaluation *e, char **report, berg_error *error) {
  const berg_evaluate_options *options = e->options;
  if (!options->images) return base_fail(error, BERG_EARGUMENT, "berg_evaluate: no folder of images");
  if (options->threads < 0 || options->threads > 1024)
    return base_fail(error, BERG_EARGUMENT, "threads: expected 0 (as many as there are) to 1024, found %d",
                     options->threads);
  base_isa isa;
  berg_status status = base_isa_choose(&isa, options->isa, error);
  if (!status) status = find_measure(e, error);
  if (!status) status = make_paths(e, error);
  if (!status) {
    status = berg_file_open(&e->prepared, e->prepared_path, error);
    if (status) model_tell_prepare(e->prepared_path, e->model_id, options->subject, error);
  }
  if (!status) status = io_container_gather(e->prepared, error);
  if (!status) status = e->measure->open(e, error);
  if (!status && e->test.paths) status = train_test_set_check_images(&e->test, options->images, report, error);
  return status;
}

/* Held until the predictions have their final name, because another run would write to the same temporary one. */
static berg_status lock(train_evaluation *e, berg_error *error) {
  e->lock = io_lock_open(e->lock_path);
  if (e->lock >= 0) return BERG_OK;
  return errno == EAGAIN ? base_fail(error, BERG_EEXISTS, "%s: another run is writing it", e->predictions[0].path)
                         : base_fail_errno(error, BERG_EWRITE, e->lock_path, "cannot be written", errno);
}

/* --- Predictions --- */

static berg_status open_model(const train_evaluation *e, berg_model **model, berg_error *error) {
  const berg_evaluate_options *options = e->options;
  berg_model_options how;
  berg_model_options_init(&how);
  how.berg_dir = options->berg_dir;
  how.backbone = options->backbone;
  how.subjects = &options->subject;
  how.subject_count = 1;
  how.train_splits = options->train_splits;
  how.threads = options->threads;
  how.isa = options->isa;
  how.memory = e->memory;
  how.run = e->run;
  return berg_model_open(model, e->model_id, &how, error);
}

/* Repetitions, which are predicted one by one, are left out. */
static size_t columns_of(const berg_output *output) {
  size_t columns = output->columns;
  for (size_t a = 0; a < output->axis_count; a++)
    if (!strcmp(output->axes[a].name, "repetition")) columns /= output->axes[a].length;
  return columns;
}

static berg_status check_columns(const train_evaluation *e, const berg_model *model, berg_error *error) {
  for (size_t o = 0; o < e->outputs; o++) {
    const berg_output *output = berg_model_output(model, 0, o);
    const bool is_series = berg_metadata_output(berg_model_metadata(model, 0), o)->axis_count > 1;
    if (columns_of(output) != e->columns[o])
      return base_fail(error, BERG_EMODEL, "the model of subject %s has %zu %s, its prepared data %zu: %s",
                       e->options->subject, columns_of(output),
                       is_series         ? "units x times"
                       : e->outputs == 1 ? "voxels"
                                         : "vertices",
                       e->columns[o], e->prepared_path);
  }
  return BERG_OK;
}

static berg_status open_images(train_evaluation *e, berg_stimuli **stimuli, berg_error *error) {
  berg_status status =
      e->measure->images ? e->measure->images(e, stimuli, error)
                         : berg_stimuli_open(stimuli, (const char *const *)e->test.paths, e->test.images, NULL, error);
  if (!status && e->layout->tested.square) model_stimuli_set_transform(*stimuli, VIT_SQUARE);
  return status;
}

/* Beside the place of the first. Partial predictions of an interrupted run are discarded: so few images are quickly
 * encoded again. */
static berg_status encode(train_evaluation *e, berg_model *model, berg_stimuli *stimuli, char **report,
                          berg_error *error) {
  berg_output_options output;
  berg_output_options_init(&output);
  output.force = 1;
  char *beside = base_format(error, "%s.unfinished.npy", e->predictions[0].path);
  berg_status status = beside ? BERG_OK : BERG_ELIMIT;
  for (size_t o = 0; o < e->outputs && !status; o++) {
    e->predictions[o].unfinished = model_output_path(model, beside, 0, o, error);
    if (!e->predictions[o].unfinished) status = BERG_ELIMIT;
  }
  if (!status && e->options->merge) {
    status = train_parts_join(e, model, stimuli, beside, report, error);
  } else if (!status) {
    if (e->run->stage) e->run->stage(e->run->user, "predictions", "images");
    status = berg_encode_to_file(model, stimuli, beside, &output, e->run, error);
    e->encoded = !status;
  }
  base_free(beside);
  return status;
}

static berg_status make_sidecars(train_evaluation *e, const berg_model *model, const berg_stimuli *stimuli,
                                 berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t o = 0; o < e->outputs && e->options->sidecar && !status; o++) {
    train_predictions *predictions = &e->predictions[o];
    status = train_sidecar_make(&predictions->sidecar, model, o, stimuli, predictions->path, e->prepared_path,
                                e->options->command, error);
  }
  return status;
}

/* Of several processes that encode together, the first does all else. */
static bool leads(const train_evaluation *e) { return base_ranks_leads(e->run->ranks); }

/* Parts that are joined have a report of what they lack. */
static berg_status predict_all(train_evaluation *e, berg_model *model, berg_stimuli *stimuli, char **report,
                               berg_error *error) {
  berg_status status = leads(e) ? lock(e, error) : BERG_OK;
  if (!status) status = encode(e, model, stimuli, report, error);
  if (!status) status = model_sources_unchanged(&model, 1, stimuli, error);
  return status || !leads(e) ? status : make_sidecars(e, model, stimuli, error);
}

static berg_status predict(train_evaluation *e, char **report, berg_error *error) {
  const double start = base_machine_seconds();
  berg_model *model = NULL;
  berg_stimuli *stimuli = NULL;
  berg_status status = open_model(e, &model, error);
  if (!status) status = check_columns(e, model, error);
  if (!status) status = open_images(e, &stimuli, error);
  if (!status) status = model_stimuli_tell_turned(stimuli, e->run, error);
  if (!status) status = io_make_folders_for(e->predictions[0].path, error);
  if (!status)
    status = e->options->shards ? train_parts_encode(e, model, stimuli, error)
                                : predict_all(e, model, stimuli, report, error);
  berg_stimuli_free(stimuli);
  berg_model_free(model);
  e->prediction_seconds = base_machine_seconds() - start;
  return status;
}

static berg_status measure(train_evaluation *e, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t o = 0; o < e->outputs && !status; o++) {
    train_predictions *predictions = &e->predictions[o];
    status = berg_file_open(&predictions->file, predictions->unfinished, error);
    if (!status) predictions->values = berg_file_entry(predictions->file, 0);
  }
  return status ? status : e->measure->measure(e, error);
}

/* --- Results --- */

/* One path, or a list where there are several. */
static void add_predictions(const train_evaluation *e, cJSON *tree) {
  cJSON *list = e->outputs > 1 ? io_json_add_list(tree, "predictions") : NULL;
  for (size_t o = 0; o < e->outputs; o++)
    io_json_add_text(list ? list : tree, list ? NULL : "predictions", e->predictions[o].path);
}

static berg_status make_report(const train_evaluation *e, char **report, berg_error *error) {
  cJSON *tree = io_json_object();
  io_json_add_text(tree, "model", e->model_id);
  model_add_subject(tree, "subject", e->options->subject);
  if (e->layout->splits) {
    char part[MODEL_PART_TEXT];
    model_part_name(e->quarter, part);
    io_json_add_text(tree, "trained_on", part);
  }
  io_json_add_number(tree, "images", (double)e->test.images);
  io_json_add_number(tree, "repeats", (double)e->test.repeats);
  berg_status status =
      e->measure->report ? e->measure->report(e, tree, error) : train_results_report(&e->results, tree, error);
  add_predictions(e, tree);
  io_json_add_text(tree, "metadata", e->metadata_path);
  cJSON *seconds = io_json_add_object(tree, "seconds");
  io_json_add_number(seconds, "predictions", e->prediction_seconds);
  io_json_add_number(seconds, "correlation", e->correlation_seconds);
  io_json_add_number(seconds, "reliability", e->reliability_seconds);
  io_json_add_number(seconds, "metadata", e->metadata_seconds);
  io_json_add_number(tree, "peak_memory_bytes", (double)base_machine_peak_memory());
  if (!status) status = io_json_print(tree, report, error);
  cJSON_Delete(tree);
  return status;
}

static berg_status write_sidecars(const train_evaluation *e, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t o = 0; o < e->outputs && !status; o++) {
    const train_predictions *predictions = &e->predictions[o];
    if (predictions->sidecar)
      status = train_sidecar_write(predictions->sidecar, predictions->path, e->metadata_path, error);
  }
  return status;
}

/* The predictions are placed last: if they exist, everything else is done. */
static berg_status write_results(train_evaluation *e, char **report, berg_error *error) {
  const double start = base_machine_seconds();
  berg_status status =
      e->measure->write ? e->measure->write(e, error) : train_results_write(&e->results, e->metadata_path, error);
  e->metadata_seconds = base_machine_seconds() - start;
  if (!status) status = make_report(e, report, error);
  if (!status) status = write_sidecars(e, error);
  for (size_t o = e->outputs; o-- > 0 && !status;)
    status = io_place_file(e->predictions[o].unfinished, e->predictions[o].path, e->options->force != 0, error);
  if (!status) status = train_parts_remove(e, error);
  if (!status) return BERG_OK;
  base_free(*report);
  *report = NULL;
  return status;
}

static void release(train_evaluation *e) {
  if (e->own) e->measure->release(e);
  train_results_release(&e->results);
  for (size_t o = 0; o < e->outputs; o++) {
    base_free(e->predictions[o].path);
    base_free(e->predictions[o].unfinished);
    berg_file_free(e->predictions[o].file);
    cJSON_Delete(e->predictions[o].sidecar);
  }
  berg_file_free(e->prepared);
  train_test_set_release(&e->test);
  io_lock_close(e->lock, e->lock_path);
  base_free_texts(e->parts, e->part_count);
  base_free(e->lock_path);
  base_free(e->prepared_path);
  base_free(e->metadata_path);
}

/* With predictions that are whole. What a merge had to report is replaced. */
static berg_status finish(train_evaluation *e, char **report, berg_error *error) {
  base_free(*report);
  *report = NULL;
  berg_status status = measure(e, error);
  return status ? status : write_results(e, report, error);
}

berg_status berg_evaluate(const char *model_id, const berg_evaluate_options *given, const berg_run *given_run,
                          char **report, berg_error *error) {
  berg_evaluate_options options;
  berg_run run;
  char *text = NULL;
  train_evaluation e = {.model_id = model_id, .options = &options, .run = &run, .lock = -1};
  berg_status status = BASE_TAKE(berg_run, &run, given_run, error);
  if (status) return status;
  status = BASE_TAKE(berg_evaluate_options, &options, given, error);
  e.memory = options.memory ? options.memory : base_memory_default(DEFAULT_MEMORY);
  e.threads = base_threads_for(options.threads);
  if (!status) status = train_parts_check(&options, error);
  if (!status) status = open_inputs(&e, &text, error);
  if (!status) status = predict(&e, &text, error);
  if (!status && leads(&e)) status = options.shards ? train_parts_report(&e, &text, error) : finish(&e, &text, error);
  status = base_ranks_agree(run.ranks, status, error);
  /* rows of an encoding that did not end have another name, and stay for the next run */
  for (size_t o = 0; o < e.outputs && status && e.encoded && leads(&e); o++)
    io_remove_left(e.predictions[o].unfinished, error);
  if (report)
    *report = text;
  else
    base_free(text);
  release(&e);
  return status;
}
