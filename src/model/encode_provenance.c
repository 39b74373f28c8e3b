/* The JSON of an encode. Keys are described in docs/volumes.md. */
#include <stdio.h>
#include <jpeglib.h>
#include <spng.h>

#include "base/machine.h"
#include "base/memory.h"
#include "model/encode_labels.h"
#include "model/stimuli.h"

#define COORDINATES_MAX 1000 /* columns whose coordinates are listed; more are found in the metadata */
#define TEXT(value) #value
#define VERSION_TEXT(value) TEXT(value)

static void add_stimuli(cJSON *tree, const berg_stimuli *stimuli) {
  const char *name;
  size_t length;
  for (size_t a = 0; (name = model_stimuli_array_name(stimuli, a, &length)); a++) {
    char *file = length ? base_copy_bytes(name, length, NULL) : NULL;
    if (file)
      model_provenance_add(tree, "stimuli", file);
    else
      cJSON_AddItemToArray(cJSON_GetObjectItem(tree, "Sources"), model_provenance_text(name));
    base_free(file);
  }
}

cJSON *model_encode_provenance(const berg_model *model, size_t subject_index, const berg_stimuli *stimuli,
                               const berg_output_options *options) {
  const model_subject *subject = &model->subjects[subject_index];
  cJSON *tree =
      model_provenance("Responses that an encoding model predicts: one row an image, one column a voxel", options);
  cJSON_AddStringToObject(tree, "Model", model->id);
  cJSON_AddNumberToObject(tree, "Subject", subject->number);
  cJSON_AddStringToObject(tree, "Units", "z-scores within a session");
  add_stimuli(tree, stimuli);
  model_source sources[] = {{.role = "weights", .path = subject->fitted.path},
                            {.role = "metadata", .path = berg_metadata_path(subject->metadata)},
                            {.role = "backbone", .path = model->backbone.path}};
  model_provenance_add_all(tree, sources, sizeof sources / sizeof *sources, model->threads);
  cJSON_AddStringToObject(tree, "Precision", berg_model_precision(model));
  cJSON_AddStringToObject(tree, "Device", berg_model_device(model));
  cJSON_AddStringToObject(tree, "Products", model->products);
  cJSON_AddStringToObject(tree, "InstructionSet", base_isa_name(model->isa));
  cJSON *libraries = cJSON_AddObjectToObject(tree, "Libraries");
#ifdef LIBJPEG_TURBO_VERSION
  cJSON_AddStringToObject(libraries, "libjpeg-turbo", VERSION_TEXT(LIBJPEG_TURBO_VERSION));
#endif
  cJSON_AddStringToObject(libraries, "libspng", spng_version_string());
  return tree;
}

static void add_run(cJSON *runs, double first, double last) {
  cJSON *run = cJSON_CreateArray();
  cJSON_AddItemToArray(run, cJSON_CreateNumber(first));
  cJSON_AddItemToArray(run, cJSON_CreateNumber(last));
  cJSON_AddItemToArray(runs, run);
}

/* [[first, last], ...], both inclusive: numbers that follow one another as runs, so that a whole brain is one. */
static cJSON *runs_of(const void *numbers, size_t count) {
  const int64_t *list = numbers;
  cJSON *runs = cJSON_CreateArray();
  for (size_t i = 0, start = 0; i < count; i++) {
    if (i + 1 < count && list[i + 1] == list[i] + 1) continue;
    add_run(runs, (double)list[start], (double)list[i]);
    start = i + 1;
  }
  return runs;
}

static void add_columns(cJSON *tree, const model_labels *labels, size_t count) {
  cJSON *columns = cJSON_AddObjectToObject(tree, "Columns");
  cJSON_AddNumberToObject(columns, "Count", (double)count);
  if (labels->io.column_names) {
    cJSON *means = cJSON_AddArrayToObject(columns, "MeansOf");
    for (size_t c = 0; c < count; c++) cJSON_AddItemToArray(means, model_provenance_text(labels->io.column_names[c]));
    return;
  }
  _Static_assert(sizeof(size_t) == sizeof(int64_t), "voxel indices are read as they lie in memory");
  cJSON_AddItemToObject(columns, "Voxels", runs_of(labels->io.voxels, count));
  if (count <= COORDINATES_MAX) {
    cJSON *coordinates = cJSON_AddArrayToObject(columns, "Coordinates");
    for (size_t c = 0; c < count; c++) {
      cJSON *at = cJSON_CreateArray();
      for (int d = 0; d < 3; d++)
        cJSON_AddItemToArray(at, cJSON_CreateNumber((double)labels->coordinates[3 * c + (size_t)d]));
      cJSON_AddItemToArray(coordinates, at);
    }
  }
  cJSON *rois = cJSON_AddObjectToObject(columns, "Regions");
  for (size_t i = 0; i < labels->io.roi_count; i++)
    cJSON_AddItemToObject(rois, labels->rois[i].name, runs_of(labels->rois[i].columns, labels->rois[i].count));
}

void model_encode_describe(cJSON *tree, const model_labels *labels, size_t columns, const model_row_names *names,
                           const berg_stimuli *stimuli) {
  add_columns(tree, labels, columns);
  cJSON *images = cJSON_AddObjectToObject(tree, "Images");
  cJSON_AddNumberToObject(images, "Count", (double)names->rows);
  cJSON *list = names->names ? cJSON_AddArrayToObject(images, "Files") : NULL;
  for (size_t r = 0; list && r < names->rows; r++) {
    cJSON *image = cJSON_CreateObject();
    cJSON_AddItemToObject(image, "Path", model_provenance_text(names->names[r]));
    if (names->hashes && *names->hashes[r]) cJSON_AddStringToObject(image, "SHA256", names->hashes[r]);
    cJSON_AddItemToArray(list, image);
  }
  if (!berg_stimuli_skipped_count(stimuli)) return;
  cJSON *skipped = cJSON_AddArrayToObject(images, "LeftOut");
  for (size_t i = 0; i < berg_stimuli_skipped_count(stimuli); i++)
    cJSON_AddItemToArray(skipped, model_provenance_text(berg_stimuli_skipped(stimuli, i)));
}
