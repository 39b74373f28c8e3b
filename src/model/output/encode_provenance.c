/* The JSON of an encode. Keys are described in docs/volumes.md. */
#include <stdio.h>
#include <jpeglib.h>
#include <spng.h>
#include <string.h>

#include "base/machine.h"
#include "base/memory.h"
#include "io/value/json_build.h"
#include "model/catalog/expression.h"
#include "model/catalog/registry.h"
#include "model/output/encode_labels.h"
#include "model/stimuli/stimuli.h"
#include "model/store/store.h"

#define COORDINATES_MAX 1000 /* columns whose coordinates are listed; more are found in the metadata */
#define TEXT(value) #value
#define VERSION_TEXT(value) TEXT(value)

/* What was asked for, and the volumes that it names. */
static berg_status add_select(cJSON *tree, const model_expression *select, berg_error *error) {
  const char *path;
  if (!select) return BERG_OK;
  io_json_add(tree, "Select", model_provenance_text(model_expression_text(select)));
  berg_status status = BERG_OK;
  for (size_t i = 0; (path = model_expression_mask(select, i)) && !status; i++)
    status = model_provenance_add(tree, "mask", path, error);
  return status;
}

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

static berg_status add_stored(cJSON *tree, const char *role, const berg_store *store, const char *name,
                              berg_error *error) {
  char *path = model_store_file(store->path, name, error);
  berg_status status = path ? model_provenance_add(tree, role, path, error) : BERG_ELIMIT;
  base_free(path);
  return status;
}

/* The scores are what responses were made of; what those were computed with, their store says. */
static berg_status add_store(cJSON *tree, const berg_store *store, const berg_model *model,
                             const model_subject *subject, berg_error *error) {
  const size_t part = model_store_find_part(store, model->id, subject->name, model->train_splits);
  berg_status status = add_stored(tree, "scores", store, store->about.parts[part].file, error);
  if (!status) status = add_stored(tree, "images", store, MODEL_STORE_TABLE, error);
  io_json_add_text(tree, "ScoresBackbone", store->about.maker.backbone);
  io_json_add_text(tree, "ScoresPrecision", store->about.maker.precision);
  io_json_add_text(tree, "ScoresProducts", store->about.maker.products);
  io_json_add_text(tree, "ScoresInstructionSet", store->about.maker.isa);
  return status;
}

berg_status model_encode_provenance(cJSON **out, const berg_model *model, size_t subject_index,
                                    const berg_stimuli *stimuli, const berg_output_options *options,
                                    berg_error *error) {
  const model_subject *subject = &model->subjects[subject_index];
  const berg_store *store = model_stimuli_store(stimuli);
  uint64_t seed;
  const bool of_voxels = !strcmp(model->layout->unit, "voxel");
  const char *what = options->trials
                         ? "Single trials simulated about what an encoding model predicts: for each image the "
                           "trials, each of the columns named"
                     : of_voxels ? "Responses that an encoding model predicts: one row an image, one column a voxel"
                                 : "Responses that an encoding model predicts: one row an image, of the axes named";
  berg_status status = model_provenance(out, what, options, error);
  cJSON *tree = *out;
  io_json_add_text(tree, "Model", model->id);
  model_add_subject(tree, "Subject", subject->name);
  io_json_add_text(tree, "Units", model->layout->measured);
  if (!status) status = add_select(tree, model->select, error);
  if (!status) status = add_stimuli(tree, stimuli, error);
  model_source sources[MODEL_QUARTERS + 2];
  size_t count = 0;
  for (size_t f = 0; f < subject->fitted.file_count; f++)
    sources[count++] = (model_source){.role = "weights", .path = subject->fitted.files[f].path};
  sources[count++] = (model_source){.role = "metadata", .path = berg_metadata_path(subject->metadata)};
  if (!store)
    sources[count++] = (model_source){.role = "backbone",
                                      .path = model->backbone.path,
                                      .is_no_file = model_backbone_is_random(model->backbone.path, &seed)};
  if (!status) status = model_provenance_add_all(tree, sources, count, model->threads, error);
  if (!status && store) status = add_store(tree, store, model, subject, error);
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

static void add_texts(cJSON *to, const char *key, const io_axis *axis) {
  cJSON *list = io_json_add_list(to, key);
  for (size_t i = 0; i < axis->length; i++) io_json_add(list, NULL, model_provenance_text(axis->texts[i]));
}

/* Voxels of a volume, in the keys of BIDS derivatives. */
static void add_voxels(cJSON *columns, const model_labels *labels, size_t count) {
  add_runs(columns, "Voxels", labels->unit->indices, count);
  if (count > COORDINATES_MAX) return;
  cJSON *coordinates = io_json_add_list(columns, "Coordinates");
  for (size_t c = 0; c < count; c++) {
    cJSON *at = io_json_add_list(coordinates, NULL);
    for (int d = 0; d < 3; d++) io_json_add_number(at, NULL, (double)labels->coordinates[3 * c + (size_t)d]);
  }
}

/* Dimensions of a row, slowest first. */
static void add_axes(cJSON *columns, const model_labels *labels) {
  cJSON *list = io_json_add_list(columns, "Axes");
  for (size_t a = 0; a < labels->io.axis_count; a++) {
    const io_axis *axis = &labels->io.axes[a];
    cJSON *to = io_json_add_object(list, NULL);
    io_json_add_text(to, "Name", axis->name);
    io_json_add_number(to, "Length", (double)axis->length);
    if (axis->texts) add_texts(to, "Labels", axis);
    if (axis->indices) add_runs(to, "Indices", axis->indices, axis->length);
    if (axis->numbers) io_json_add_numbers(to, "Values", axis->numbers, axis->length);
    if (axis->unit) io_json_add_text(to, "Unit", axis->unit);
  }
}

void model_encode_describe_columns(cJSON *tree, const model_labels *labels, size_t count) {
  cJSON *columns = io_json_add_object(tree, "Columns");
  _Static_assert(sizeof(size_t) == sizeof(int64_t), "indices are read as they lie in memory");
  io_json_add_number(columns, "Count", (double)count);
  if (!strcmp(labels->unit->name, "roi")) {
    add_texts(columns, "MeansOf", labels->unit);
    return;
  }
  if (labels->coordinates)
    add_voxels(columns, labels, count);
  else
    add_axes(columns, labels);
  if (!labels->rois) return;
  cJSON *rois = io_json_add_object(columns, "Regions");
  for (size_t i = 0; i < labels->unit->group_count; i++)
    add_runs(rois, labels->rois[i].name, labels->rois[i].positions, labels->rois[i].count);
}

void model_encode_describe(cJSON *tree, const model_labels *labels, size_t columns, const model_row_names *names,
                           const berg_stimuli *stimuli) {
  model_encode_describe_columns(tree, labels, columns);
  cJSON *images = io_json_add_object(tree, "Images");
  io_json_add_number(images, "Count", (double)names->rows);
  cJSON *list = names->names ? io_json_add_list(images, "Files") : NULL;
  for (size_t r = 0; names->names && r < names->rows; r++) {
    cJSON *image = io_json_add_object(list, NULL);
    io_json_add(image, "Path", model_provenance_text(names->names[r]));
    if (names->hashes) io_json_add_text(image, "SHA256", names->hashes[r]);
  }
  cJSON *others = berg_stimuli_others_count(stimuli) ? io_json_add_list(images, "OtherFormats") : NULL;
  for (size_t i = 0; i < berg_stimuli_others_count(stimuli); i++)
    io_json_add(others, NULL, model_provenance_text(berg_stimuli_other(stimuli, i)));
  cJSON *turned = berg_stimuli_turned_count(stimuli) ? io_json_add_list(images, "TurnedFromMATLAB") : NULL;
  for (size_t i = 0; i < berg_stimuli_turned_count(stimuli); i++)
    io_json_add(turned, NULL, model_provenance_text(berg_stimuli_turned(stimuli, i)));
  if (!berg_stimuli_skipped_count(stimuli)) return;
  cJSON *skipped = io_json_add_list(images, "LeftOut");
  for (size_t i = 0; i < berg_stimuli_skipped_count(stimuli); i++)
    io_json_add(skipped, NULL, model_provenance_text(berg_stimuli_skipped(stimuli, i)));
}
