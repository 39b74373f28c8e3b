/* Labels from the datasets of an .h5. */
#include "model/merge/labels.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/hdf5/hdf5.h"

#define NAME_MAX_BYTES 128

/* A part under the eyes: which datasets there are. */
typedef struct looking {
  const char *path;
  char **names;
  size_t count;
} looking;

static bool has(const looking *at, const char *name) {
  for (size_t i = 0; i < at->count; i++)
    if (!strcmp(at->names[i], name)) return true;
  return false;
}

/* --- Datasets --- */

/* All of a dataset, whose elements have to be of that type; base_free. `*rows`: along its first dimension. */
static berg_status read_numbers(void **values, size_t *rows, const char *path, const char *name, berg_dtype dtype,
                                berg_error *error) {
  io_hdf5 *dataset;
  berg_status status = io_hdf5_open(&dataset, path, name, error);
  if (status) return status;
  const berg_array *about = io_hdf5_about(dataset);
  size_t count = 1;
  bool fits = about->dtype == dtype && about->ndim;
  for (int d = 0; d < (int)about->ndim && fits; d++) fits = base_multiply(count, about->shape[d], &count);
  if (!fits) status = base_fail(error, BERG_EINPUT, "%s: %s: is not what an encode writes", path, name);
  if (!status && !(*values = base_alloc(count, about->itemsize, error))) status = BERG_ELIMIT;
  if (!status) {
    *rows = about->shape[0];
    status = io_hdf5_read(dataset, 0, *rows, *values, error);
  }
  io_hdf5_free(dataset);
  return status;
}

/* Texts behind those that are there. */
static berg_status add_texts(model_merge_texts *texts, size_t room, io_hdf5 *dataset, berg_error *error) {
  const berg_array *about = io_hdf5_about(dataset);
  const size_t count = about->shape[0], bytes = about->shape[1];
  char *block = base_alloc(count, bytes, error);
  berg_status status = block ? io_hdf5_read(dataset, 0, count, block, error) : BERG_ELIMIT;
  for (size_t i = 0; i < count && texts->count < room && !status; i++) {
    const char *text = block + i * bytes, *end = memchr(text, 0, bytes);
    texts->list[texts->count] = base_copy_bytes(text, end ? (size_t)(end - text) : bytes, error);
    if (texts->list[texts->count])
      texts->count++;
    else
      status = BERG_ELIMIT;
  }
  base_free(block);
  return status;
}

/* `room`: all that there will be. */
static berg_status read_texts(model_merge_texts *texts, size_t room, const char *path, const char *name,
                              berg_error *error) {
  io_hdf5 *dataset;
  if (!texts->list && !(texts->list = base_calloc(room, sizeof *texts->list, error))) return BERG_ELIMIT;
  berg_status status = io_hdf5_open_text(&dataset, path, name, error);
  if (status) return status;
  status = add_texts(texts, room, dataset, error);
  io_hdf5_free(dataset);
  return status;
}

/* --- Axes --- */

static berg_status read_shape(model_merge_labels *labels, const looking *at, const cJSON *axes, berg_error *error) {
  io_hdf5 *dataset;
  berg_status status = io_hdf5_open(&dataset, at->path, "responses", error);
  if (status) return status;
  const berg_array *about = io_hdf5_about(dataset);
  const size_t count = (size_t)cJSON_GetArraySize(axes);
  if (about->dtype != BERG_F32 || count < 1 || count > IO_ROW_DIMS_MAX || (size_t)about->ndim != count + 1)
    status = base_fail(error, BERG_EINPUT, "%s: responses: is not what an encode writes", at->path);
  for (size_t a = 0; a < count && !status; a++) labels->shape[a] = about->shape[a + 1];
  labels->io.axis_count = status ? 0 : count;
  io_hdf5_free(dataset);
  return status;
}

static berg_status read_axis(model_merge_labels *labels, size_t a, const looking *at, berg_error *error) {
  io_axis *axis = &labels->axes[a];
  char names[NAME_MAX_BYTES], index[NAME_MAX_BYTES], coordinates[NAME_MAX_BYTES];
  void *values = NULL;
  size_t rows = axis->length;
  berg_status status = BERG_OK;
  base_print(names, sizeof names, "%s_names", axis->name);
  base_print(index, sizeof index, "%s_index", axis->name);
  base_print(coordinates, sizeof coordinates, "%s_coordinates", axis->name);
  if (has(at, names)) {
    status = read_texts(&labels->names[a], axis->length, at->path, names, error);
    axis->texts = (const char *const *)labels->names[a].list;
    rows = labels->names[a].count;
  }
  if (!status && has(at, index)) {
    status = read_numbers(&values, &rows, at->path, index, BERG_I64, error);
    axis->indices = labels->indices[a] = values;
  }
  values = NULL;
  if (!status && has(at, coordinates)) {
    status = read_numbers(&values, &rows, at->path, coordinates, BERG_I64, error);
    axis->coordinates = labels->coordinates[a] = values;
  }
  values = NULL;
  if (!status && has(at, axis->name)) {
    status = read_numbers(&values, &rows, at->path, axis->name, BERG_F64, error);
    axis->numbers = labels->numbers[a] = values;
  }
  if (!status && rows != axis->length)
    status = base_fail(error, BERG_EINPUT, "%s: %zu %ss of %zu", at->path, rows, axis->name, axis->length);
  return status;
}

/* ROIs are of the axis that is neither of trials, nor of repetitions, nor of time. */
static io_axis *unit_axis(model_merge_labels *labels) {
  io_axis *unit = &labels->axes[0];
  for (size_t a = 0; a < labels->io.axis_count; a++) {
    const char *name = labels->axes[a].name;
    if (strcmp(name, "trial") && strcmp(name, "repetition") && strcmp(name, "time")) unit = &labels->axes[a];
  }
  return unit;
}

static berg_status read_group(model_merge_labels *labels, size_t i, const looking *at, berg_error *error) {
  char *name = base_format(error, "rois/%s", labels->groups.list[i]);
  void *values = NULL;
  size_t count = 0;
  berg_status status = name ? read_numbers(&values, &count, at->path, name, BERG_I64, error) : BERG_ELIMIT;
  labels->positions[i] = values;
  labels->rois[i] = (io_axis_group){.name = labels->groups.list[i], .positions = values, .count = count};
  base_free(name);
  return status;
}

/* Of a group without members, which is there all the same, "." stands for one that has no dataset. */
static berg_status read_groups(model_merge_labels *labels, const looking *at, berg_error *error) {
  io_axis *unit = unit_axis(labels);
  unit->groups_name = "rois";
  if (!has(at, "rois")) return BERG_OK;
  berg_status status = io_hdf5_members(&labels->groups.list, &labels->groups.count, at->path, "rois", error);
  if (status) return status;
  const size_t count = labels->groups.count;
  labels->rois = base_calloc(count + 1, sizeof *labels->rois, error);
  labels->positions = base_calloc(count, sizeof *labels->positions, error);
  if (!labels->rois || !labels->positions) return BERG_ELIMIT;
  for (size_t i = 0; i < count && !status; i++) status = read_group(labels, i, at, error);
  if (!count) labels->rois[0] = (io_axis_group){.name = "."};
  unit->groups = labels->rois;
  unit->group_count = count ? count : 1;
  return status;
}

static berg_status read_axes(model_merge_labels *labels, const looking *at, berg_error *error) {
  const cJSON *axes = cJSON_GetObjectItemCaseSensitive(labels->file.about, MODEL_SHARD_AXES);
  berg_status status = read_shape(labels, at, axes, error);
  labels->io.axes = labels->axes;
  for (size_t a = 0; a < labels->io.axis_count && !status; a++) {
    const cJSON *about = cJSON_GetArrayItem(axes, (int)a);
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(about, "Name"));
    if (!name) return base_fail(error, BERG_EINPUT, "%s: its sidecar names no axes", at->path);
    labels->axes[a] = (io_axis){.name = name,
                                .length = labels->shape[a],
                                .unit = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(about, "Unit"))};
    status = read_axis(labels, a, at, error);
  }
  return status ? status : read_groups(labels, at, error);
}

/* --- Of the file --- */

static void take_attributes(model_merge_labels *labels) {
  const cJSON *model = cJSON_GetObjectItemCaseSensitive(labels->tree, "Model");
  const cJSON *subject = cJSON_GetObjectItemCaseSensitive(labels->tree, "Subject");
  io_attribute *attributes = labels->attributes;
  attributes[0] = (io_attribute){.name = "model", .text = cJSON_GetStringValue(model)};
  attributes[1] = (io_attribute){.name = "subject", .text = cJSON_GetStringValue(subject)};
  if (!attributes[1].text && subject) attributes[1].number = (int64_t)cJSON_GetNumberValue(subject);
  attributes[2] = (io_attribute){.name = "hemisphere", .text = labels->file.output};
  labels->io.attributes = attributes;
  labels->io.attribute_count = *labels->file.output ? 3 : 2;
}

static berg_status read_columns(model_merge_labels *labels, const looking *at, berg_error *error) {
  berg_status status = read_axes(labels, at, error);
  if (!status && has(at, "provenance")) status = read_texts(&labels->provenance, 1, at->path, "provenance", error);
  if (labels->provenance.count) labels->io.provenance = labels->provenance.list[0];
  return status;
}

static berg_status read_hashes(model_merge_labels *labels, size_t first, const model_merge_task *task, const char *path,
                               berg_error *error) {
  model_merge_texts texts = {.list = NULL};
  if (!labels->hashes && !(labels->hashes = base_calloc(task->rows, sizeof *labels->hashes, error))) return BERG_ELIMIT;
  berg_status status = read_texts(&texts, task->rows - first, path, "image_sha256", error);
  for (size_t i = 0; i < texts.count && !status; i++)
    base_print(labels->hashes[first + i], sizeof *labels->hashes, "%s", texts.list[i]);
  base_free_texts(texts.list, texts.count);
  return status;
}

static berg_status read_images(model_merge_labels *labels, size_t first, const model_merge_task *task,
                               const looking *at, berg_error *error) {
  berg_status status = BERG_OK;
  if (has(at, "image_names")) status = read_texts(&labels->rows, task->rows, at->path, "image_names", error);
  if (!status && has(at, "image_sha256")) status = read_hashes(labels, first, task, at->path, error);
  return status;
}

static berg_status read_part(model_merge_labels *labels, size_t i, size_t first, const model_merge_task *task,
                             berg_error *error) {
  looking at = {.path = task->members[i]->path};
  berg_status status = io_hdf5_names(&at.names, &at.count, at.path, error);
  if (!status && !i) status = read_columns(labels, &at, error);
  if (!status && task->members[i]->rows) status = read_images(labels, first, task, &at, error);
  base_free_texts(at.names, at.count);
  return status;
}

berg_status model_merge_labels_read(model_merge_labels *labels, const model_merge_task *task, berg_error *error) {
  *labels = (model_merge_labels){.io = {.what = NULL}};
  berg_status status = model_shard_file_read(&labels->file, &labels->tree, task->members[0]->path, error);
  size_t first = 0;
  if (!status) take_attributes(labels);
  for (size_t i = 0; i < task->count && !status; i++) {
    status = read_part(labels, i, first, task, error);
    first += task->members[i]->rows;
  }
  if (!status && labels->rows.list && labels->rows.count != task->rows)
    status = base_fail(error, BERG_EINPUT, "%s: %zu names of images for %zu rows", task->path, labels->rows.count,
                       task->rows);
  labels->io.row_names = (const char *const *)labels->rows.list;
  labels->io.row_hashes = (const char(*)[BASE_SHA256_TEXT])labels->hashes;
  return status;
}

void model_merge_labels_release(model_merge_labels *labels) {
  for (size_t a = 0; a < IO_ROW_DIMS_MAX; a++) {
    base_free_texts(labels->names[a].list, labels->names[a].count);
    base_free(labels->numbers[a]);
    base_free(labels->indices[a]);
    base_free(labels->coordinates[a]);
  }
  for (size_t i = 0; i < labels->groups.count && labels->positions; i++) base_free(labels->positions[i]);
  base_free(labels->positions);
  base_free(labels->rois);
  base_free_texts(labels->groups.list, labels->groups.count);
  base_free_texts(labels->rows.list, labels->rows.count);
  base_free_texts(labels->provenance.list, labels->provenance.count);
  base_free(labels->hashes);
  cJSON_Delete(labels->tree);
  model_shard_file_release(&labels->file);
}
