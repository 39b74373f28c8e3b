/* From a trained model and the prepared test set to accuracy and ceilings in the model's metadata.
 *
 * Predictions are written beside their place and put there last, after the metadata and their sidecar: as long as they
 * are not there, a run that was interrupted is done again without force. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/threads.h"
#include "io/value/json_build.h"
#include "io/value/json_print.h"
#include "io/file/folders.h"
#include "io/file/lock.h"
#include "io/value/json_print.h"
#include "io/file/whole_file.h"
#include "model/catalog/paths.h"
#include "model/catalog/prepared.h"
#include "model/catalog/registry.h"
#include "train/evaluate/accuracy.h"
#include "train/evaluate/evaluate_sidecar.h"
#include "train/run/run.h"

#define DEFAULT_MEMORY ((size_t)4 << 30)

typedef struct evaluation {
  const char *model_id;
  const berg_evaluate_options *options;
  const berg_run *run;
  size_t memory, voxels;
  bool encoded; /* the predictions are whole, beside their place */
  char *prepared_path, *metadata_path, *predictions_path, *unfinished_path, *lock_path;
  berg_file *prepared, *predictions;
  io_hdf5 *averaged, *trials;
  train_test_set test;
  train_accuracy accuracy;
  int lock;       /* descriptor */
  cJSON *sidecar; /* NULL: none is asked for */
  double prediction_seconds, metadata_seconds;
} evaluation;

void(berg_evaluate_options_init)(berg_evaluate_options *options, size_t size) {
  const berg_evaluate_options defaults = {.subject = "1"};
  base_options_init(options, size, &defaults, sizeof defaults);
}

static berg_status make_paths(evaluation *e, berg_error *error) {
  const char *berg_dir = e->options->berg_dir;
  const char *subject = e->options->subject, *id = e->model_id;
  berg_status status =
      model_path_prepared(&e->prepared_path, id, berg_dir, subject, MODEL_PREPARED_METADATA, 0, 0, error);
  if (!status) status = model_path_metadata(&e->metadata_path, id, berg_dir, subject, error);
  if (!status) status = model_path_predictions(&e->predictions_path, id, berg_dir, subject, 0, 0, error);
  if (status) return status;
  e->unfinished_path = base_format(error, "%s.unfinished.npy", e->predictions_path);
  e->lock_path = base_format(error, "%s.lock", e->predictions_path);
  if (!e->unfinished_path || !e->lock_path) return BERG_ELIMIT;
  if (!e->options->force && model_path_exists(e->predictions_path)) return io_fail_exists(e->predictions_path, error);
  return e->options->sidecar && !e->options->force ? train_sidecar_check(e->predictions_path, error) : BERG_OK;
}

/* As many voxels as the model was trained on, by the coordinates, as everywhere. */
static berg_status count_voxels(evaluation *e, berg_error *error) {
  const char *const key = "fmri.voxel_coords";
  const berg_array *coordinates = berg_file_find(e->prepared, key);
  char found[128] = "no entry of this name";
  if (coordinates) base_array_describe(coordinates, found, sizeof found);
  if (!coordinates || coordinates->ndim != 2 || coordinates->shape[1] != 3 || !coordinates->shape[0])
    return base_fail_at(error, &(base_fault){BERG_EINPUT, e->prepared_path, BERG_NO_OFFSET, key,
                                             "not voxel coordinates", "int64 (voxels, 3)", found});
  e->voxels = coordinates->shape[0];
  return BERG_OK;
}

static berg_status open_responses(const evaluation *e, io_hdf5 **dataset, model_prepared_file file, size_t rows,
                                  berg_error *error) {
  char *path, found[128];
  berg_status status =
      model_path_prepared(&path, e->model_id, e->options->berg_dir, e->options->subject, file, 0, 0, error);
  if (!status) status = io_hdf5_open(dataset, path, "neural_data", error);
  if (!status) {
    const berg_array *about = io_hdf5_about(*dataset);
    char *expected = base_format(error, "float32 (%zu, %zu)", rows, e->voxels);
    base_array_describe(about, found, sizeof found);
    if (!expected)
      status = BERG_ELIMIT;
    else if (about->ndim != 2 || about->shape[0] != rows || about->shape[1] != e->voxels ||
             (about->dtype != BERG_F32 && about->dtype != BERG_F64))
      status = base_fail_at(error, &(base_fault){BERG_EINPUT, path, BERG_NO_OFFSET, "neural_data",
                                                 "does not fit the prepared metadata", expected, found});
    base_free(expected);
  }
  base_free(path);
  return status;
}

/* All checks that are possible before the first image is encoded. */
static berg_status open_inputs(evaluation *e, char **report, berg_error *error) {
  const berg_evaluate_options *options = e->options;
  if (!options->images) return base_fail(error, BERG_EARGUMENT, "berg_evaluate: no folder of images");
  if (options->threads < 0 || options->threads > 1024)
    return base_fail(error, BERG_EARGUMENT, "threads: expected 0 (as many as there are) to 1024, found %d",
                     options->threads);
  berg_status status = train_check_model(e->model_id, error);
  if (!status && strcmp(e->model_id, MODEL_FIRST))
    status = base_fail(error, BERG_EPARAMETER, "%s: only %s is evaluated here", e->model_id, MODEL_FIRST);
  if (!status) status = make_paths(e, error);
  if (!status) status = berg_file_open(&e->prepared, e->prepared_path, error);
  if (!status) status = count_voxels(e, error);
  if (!status) status = train_test_set_read(&e->test, e->prepared, e->prepared_path, options->images, error);
  if (!status) status = open_responses(e, &e->averaged, MODEL_PREPARED_AVERAGED, e->test.images, error);
  if (!status) status = open_responses(e, &e->trials, MODEL_PREPARED_TEST, e->test.trials, error);
  if (!status) status = train_test_set_check_images(&e->test, options->images, report, error);
  return status;
}

/* Held until the predictions have their final name, because another run would write to the same temporary one. */
static berg_status lock(evaluation *e, berg_error *error) {
  e->lock = io_lock_open(e->lock_path);
  if (e->lock >= 0) return BERG_OK;
  return errno == EAGAIN ? base_fail(error, BERG_EEXISTS, "%s: another run is writing it", e->predictions_path)
                         : base_fail_errno(error, BERG_EWRITE, e->lock_path, "cannot be written", errno);
}

static berg_status predict(evaluation *e, berg_error *error) {
  const double start = base_machine_seconds();
  const berg_evaluate_options *options = e->options;
  berg_model *model = NULL;
  berg_stimuli *stimuli = NULL;
  berg_model_options how;
  berg_output_options output;
  berg_model_options_init(&how);
  berg_output_options_init(&output);
  output.force = 1;
  how.berg_dir = options->berg_dir;
  how.backbone = options->backbone;
  how.subjects = &options->subject;
  how.subject_count = 1;
  how.threads = options->threads;
  how.memory = e->memory;
  berg_status status = berg_model_open(&model, e->model_id, &how, error);
  if (!status && berg_model_columns(model) != e->voxels)
    status = base_fail(error, BERG_EMODEL, "the model of subject %s has %zu voxels, its prepared data %zu: %s",
                       options->subject, berg_model_columns(model), e->voxels, e->prepared_path);
  if (!status) status = berg_stimuli_open(&stimuli, (const char *const *)e->test.paths, e->test.images, NULL, error);
  if (!status) status = io_make_folders_for(e->predictions_path, error);
  if (!status) status = lock(e, error);
  if (!status && e->run->stage) e->run->stage(e->run->user, "predictions", "images");
  /* partial predictions of an interrupted run are discarded: so few images are quickly encoded again */
  if (!status) status = berg_encode_to_file(model, stimuli, e->unfinished_path, &output, e->run, error);
  e->encoded = !status;
  if (!status && options->sidecar)
    status =
        train_sidecar_make(&e->sidecar, model, stimuli, e->predictions_path, e->prepared_path, options->command, error);
  berg_stimuli_free(stimuli);
  berg_model_free(model);
  e->prediction_seconds = base_machine_seconds() - start;
  return status;
}

static berg_status measure(evaluation *e, berg_error *error) {
  berg_status status = berg_file_open(&e->predictions, e->unfinished_path, error);
  if (status) return status;
  train_responses responses = {&e->test, berg_file_entry(e->predictions, 0), e->averaged, e->trials};
  return train_accuracy_measure(&e->accuracy, &responses, base_threads_for(e->options->threads), e->memory, e->run,
                                error);
}

static berg_status make_report(const evaluation *e, char **report, berg_error *error) {
  cJSON *tree = io_json_object();
  io_json_add_text(tree, "model", e->model_id);
  model_add_subject(tree, "subject", e->options->subject);
  io_json_add_number(tree, "images", (double)e->test.images);
  io_json_add_number(tree, "repeats", (double)e->test.repeats);
  berg_status status = train_accuracy_report(&e->accuracy, e->prepared, tree, error);
  if (e->test.repeats < 2)
    io_json_add_text(tree, "note", "each image was seen once: there is no noise ceiling and no split half");
  io_json_add_text(tree, "predictions", e->predictions_path);
  io_json_add_text(tree, "metadata", e->metadata_path);
  cJSON *seconds = io_json_add_object(tree, "seconds");
  io_json_add_number(seconds, "predictions", e->prediction_seconds);
  io_json_add_number(seconds, "correlation", e->accuracy.correlation_seconds);
  io_json_add_number(seconds, "reliability", e->accuracy.reliability_seconds);
  io_json_add_number(seconds, "metadata", e->metadata_seconds);
  io_json_add_number(tree, "peak_memory_bytes", (double)base_machine_peak_memory());
  if (!status) status = io_json_print(tree, report, error);
  cJSON_Delete(tree);
  return status;
}

/* The predictions are placed last: if they exist, everything else is done. */
static berg_status write_results(evaluation *e, char **report, berg_error *error) {
  const double start = base_machine_seconds();
  berg_status status = train_accuracy_write(&e->accuracy, e->prepared, e->metadata_path, error);
  e->metadata_seconds = base_machine_seconds() - start;
  if (!status) status = make_report(e, report, error);
  if (!status && e->sidecar) status = train_sidecar_write(e->sidecar, e->predictions_path, e->metadata_path, error);
  if (!status) status = io_place_file(e->unfinished_path, e->predictions_path, e->options->force != 0, error);
  if (!status) return BERG_OK;
  base_free(*report);
  *report = NULL;
  return status;
}

static void release(evaluation *e) {
  berg_file_free(e->prepared);
  berg_file_free(e->predictions);
  io_hdf5_free(e->averaged);
  io_hdf5_free(e->trials);
  train_test_set_release(&e->test);
  train_accuracy_release(&e->accuracy);
  cJSON_Delete(e->sidecar);
  io_lock_close(e->lock, e->lock_path);
  base_free(e->lock_path);
  base_free(e->prepared_path);
  base_free(e->metadata_path);
  base_free(e->predictions_path);
  base_free(e->unfinished_path);
}

berg_status berg_evaluate(const char *model_id, const berg_evaluate_options *given, const berg_run *given_run,
                          char **report, berg_error *error) {
  berg_evaluate_options options;
  berg_run run;
  char *text = NULL;
  evaluation e = {.model_id = model_id, .options = &options, .run = &run, .lock = -1};
  berg_status status = BASE_TAKE(berg_evaluate_options, &options, given, error);
  if (!status) status = BASE_TAKE(berg_run, &run, given_run, error);
  e.memory = options.memory ? options.memory : DEFAULT_MEMORY;
  if (!status) status = open_inputs(&e, &text, error);
  if (!status) status = predict(&e, error);
  if (!status) status = measure(&e, error);
  if (!status) status = write_results(&e, &text, error);
  /* rows of an encoding that did not end have another name, and stay for the next run */
  if (status && e.encoded) unlink(e.unfinished_path);
  if (report)
    *report = text;
  else
    base_free(text);
  release(&e);
  return status;
}
