/* The JSON of an encode. Keys are described in docs/volumes.md. */
#include <stdio.h>
#include <jpeglib.h>
#include <spng.h>

#include "base/machine.h"
#include "base/memory.h"
#include "io/value/json_build.h"
#include "model/output/encode_labels.h"
#include "model/stimuli/stimuli.h"

#define COORDINATES_MAX 1000 /* columns whose coordinates are listed; more are found in the metadata */
#define TEXT(value) #value
#define VERSION_TEXT(value) TEXT(value)

static berg_status add_stimuli(cJSON *tree, const berg_stimuli *stimuli, berg_error *error) {
  berg_status status = BERG_OK;
  const char *name;
  size_t length;
  for (size_t a = 0; (name = model_stimuli_array_name(stimuli, a, &length)) && !status; a++) {
    char *file = length ? base_copy_bytes(name, length, error) : NULL;
    if (file)
      status = model_provenance_add(tree, "stimuli", file, error);
    else if (length)
      status = BERG_ELIMIT;
    else
      io_json_add(cJSON_GetObjectItem(tree, "Sources"), NULL, model_provenance_text(name));
    base_free(file);
  }
  return status;
}

berg_status model_encode_provenance(cJSON **out, const berg_model *model, size_t subject_index,
                                    const berg_stimuli *stimuli, const berg_output_options *options,
                                    berg_error *error) {
  const model_subject *subject = &model->subjects[subject_index];
  uint64_t seed;
  berg_status status = model_provenance(
      out, "Responses that an encoding model predicts: one row an image, one column a voxel", options, error);
  cJSON *tree = *out;
  io_json_add_text(tree, "Model", model->id);
  io_json_add_number(tree, "Subject", subject->number);
  io_json_add_text(tree, "Units", "z-scores within a session");
  if (!status) status = add_stimuli(tree, stimuli, error);
  model_source sources[] = {{.role = "weights", .path = subject->fitted.path},
                            {.role = "metadata", .path = berg_metadata_path(subject->metadata)},
                            {.role = "backbone",
                             .path = model->backbone.path,
                             .is_no_file = model_backbone_is_random(model->backbone.path, &seed)}};
  if (!status)
    status = model_provenance_add_all(tree, sources, sizeof sources / sizeof *sources, model->threads, error);
  io_json_add_text(tree, "Precision", berg_model_precision(model));
  io_json_add_text(tree, "Device", berg_model_device(model));
  io_json_add_text(tree, "Products", model->products);
  io_json_add_text(tree, "InstructionSet", base_isa_name(model->isa));
  cJSON *libraries = io_json_add_object(tree, "Libraries");
#ifdef LIBJPEG_TURBO_VERSION
  io_json_add_text(libraries, "libjpeg-turbo", VERSION_TEXT(LIBJPEG_TURBO_VERSION));
#endif
  io_json_add_text(libraries, "libspng", spng_version_string());
  return status;
}

static void add_run(cJSON *runs, double first, double last) {
  cJSON *run = io_json_add_list(runs, NULL);
  io_json_add_number(run, NULL, first);
  io_json_add_number(run, NULL, last);
}

/* [[first, last], ...], both inclusive: numbers that follow one another as runs, so that a whole brain is one. */
static void add_runs(cJSON *to, const char *key, const void *numbers, size_t count) {
  const int64_t *list = numbers;
  cJSON *runs = io_json_add_list(to, key);
  for (size_t i = 0, start = 0; i < count; i++) {
    if (i + 1 < count && list[i + 1] == list[i] + 1) continue;
    add_run(runs, (double)list[start], (double)list[i]);
    start = i + 1;
  }
}

static void add_columns(cJSON *tree, const model_labels *labels, size_t count) {
  cJSON *columns = io_json_add_object(tree, "Columns");
  io_json_add_number(columns, "Count", (double)count);
  if (labels->axis.texts) {
    cJSON *means = io_json_add_list(columns, "MeansOf");
    for (size_t c = 0; c < count; c++) io_json_add(means, NULL, model_provenance_text(labels->axis.texts[c]));
    return;
  }
  _Static_assert(sizeof(size_t) == sizeof(int64_t), "voxel indices are read as they lie in memory");
  add_runs(columns, "Voxels", labels->axis.indices, count);
  if (count <= COORDINATES_MAX) {
    cJSON *coordinates = io_json_add_list(columns, "Coordinates");
    for (size_t c = 0; c < count; c++) {
      cJSON *at = io_json_add_list(coordinates, NULL);
      for (int d = 0; d < 3; d++) io_json_add_number(at, NULL, (double)labels->coordinates[3 * c + (size_t)d]);
    }
  }
  cJSON *rois = io_json_add_object(columns, "Regions");
  for (size_t i = 0; i < labels->axis.group_count; i++)
    add_runs(rois, labels->rois[i].name, labels->rois[i].positions, labels->rois[i].count);
}

void model_encode_describe(cJSON *tree, const model_labels *labels, size_t columns, const model_row_names *names,
                           const berg_stimuli *stimuli) {
  add_columns(tree, labels, columns);
  cJSON *images = io_json_add_object(tree, "Images");
  io_json_add_number(images, "Count", (double)names->rows);
  cJSON *list = names->names ? io_json_add_list(images, "Files") : NULL;
  for (size_t r = 0; names->names && r < names->rows; r++) {
    cJSON *image = io_json_add_object(list, NULL);
    io_json_add(image, "Path", model_provenance_text(names->names[r]));
    if (names->hashes) io_json_add_text(image, "SHA256", names->hashes[r]);
  }
  if (!berg_stimuli_skipped_count(stimuli)) return;
  cJSON *skipped = io_json_add_list(images, "LeftOut");
  for (size_t i = 0; i < berg_stimuli_skipped_count(stimuli); i++)
    io_json_add(skipped, NULL, model_provenance_text(berg_stimuli_skipped(stimuli, i)));
}
