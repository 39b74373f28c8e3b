/* THINGS-fMRI1: correlation, noise ceilings and split halves of each voxel. docs/accuracy.md has the definitions. */
#include "base/array.h"
#include "base/memory.h"
#include "io/value/json_build.h"
#include "train/evaluate/accuracy.h"
#include "train/evaluate/measure.h"

typedef struct voxels {
  io_hdf5 *averaged, *trials;
  train_accuracy accuracy;
} voxels;

/* As many voxels as the model was trained on, by the coordinates, as everywhere. */
static berg_status count_voxels(train_evaluation *e, berg_error *error) {
  const char *const key = "fmri.voxel_coords";
  const berg_array *coordinates = berg_file_find(e->prepared, key);
  char found[128] = "no entry of this name";
  if (coordinates) base_array_describe(coordinates, found, sizeof found);
  if (!coordinates || coordinates->ndim != 2 || coordinates->shape[1] != 3 || !coordinates->shape[0])
    return base_fail_at(error, &(base_fault){BERG_EINPUT, e->prepared_path, BERG_NO_OFFSET, key,
                                             "not voxel coordinates", "whole numbers (voxels, 3)", found});
  e->columns[0] = coordinates->shape[0];
  return BERG_OK;
}

static berg_status open_responses(const train_evaluation *e, io_hdf5 **dataset, model_prepared_file file, size_t rows,
                                  berg_error *error) {
  size_t voxels_of = e->columns[0];
  return train_open_responses(e, file, 0, rows, &voxels_of, 1, dataset, error);
}

static berg_status open(train_evaluation *e, berg_error *error) {
  voxels *own = e->own = base_calloc(1, sizeof *own, error);
  if (!own) return BERG_ELIMIT;
  berg_status status = count_voxels(e, error);
  if (!status) status = train_test_set_read(&e->test, e->prepared, e->prepared_path, e->options->images, error);
  if (!status) status = open_responses(e, &own->averaged, MODEL_PREPARED_AVERAGED, e->test.images, error);
  if (!status) status = open_responses(e, &own->trials, MODEL_PREPARED_TEST, e->test.trials, error);
  return status;
}

static berg_status measure(train_evaluation *e, berg_error *error) {
  voxels *own = e->own;
  const train_responses responses = {&e->test, e->predictions[0].values, own->averaged, own->trials};
  berg_status status = train_accuracy_measure(&own->accuracy, &responses, e->threads, e->memory, e->run, error);
  e->correlation_seconds = own->accuracy.correlation_seconds;
  e->reliability_seconds = own->accuracy.reliability_seconds;
  return status;
}

static berg_status write(const train_evaluation *e, berg_error *error) {
  const voxels *own = e->own;
  return train_accuracy_write(&own->accuracy, e->prepared, e->metadata_path, error);
}

static berg_status report(const train_evaluation *e, cJSON *tree, berg_error *error) {
  const voxels *own = e->own;
  berg_status status = train_accuracy_report(&own->accuracy, e->prepared, tree, error);
  if (e->test.repeats < 2)
    io_json_add_text(tree, "note", "each image was seen once: there is no noise ceiling and no split half");
  return status;
}

static void release(train_evaluation *e) {
  voxels *own = e->own;
  io_hdf5_free(own->averaged);
  io_hdf5_free(own->trials);
  train_accuracy_release(&own->accuracy);
  base_free(own);
}

const train_measure train_measure_voxels = {
    .open = open, .measure = measure, .write = write, .report = report, .release = release};
