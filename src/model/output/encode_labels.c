/* What the rows and columns of responses are. */
#include "model/output/encode_labels.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/team.h"
#include "io/file/file_hash.h"
#include "model/catalog/metadata.h"
#include "model/catalog/space.h"
#include "model/stimuli/stimuli.h"

#define NONE SIZE_MAX

/* A volume is laid out by the coordinates of all voxels of the subject. */
static berg_status take_space(model_labels *labels, const berg_array *coordinates, const berg_output_options *options,
                              berg_error *error) {
  const berg_volume_options *volume = options->volume;
  int64_t *all;
  size_t voxels;
  berg_status status = model_coordinates(coordinates, &all, &voxels, labels->io.volume, error);
  if (!status) status = model_space(&labels->space, all, voxels, labels->io.volume, volume, error);
  if (!status) status = model_outside(&labels->io.nan_outside, BERG_F32, volume, error);
  memcpy(labels->io.volume, labels->space.dims, sizeof labels->io.volume);
  labels->io.space = &labels->space;
  base_free(all);
  return status;
}

/* Coordinates of the voxels selected, and the space of a volume. */
static berg_status take_coordinates(model_labels *labels, const model_subject *subject, const char *key,
                                    const char *path, const berg_output_options *options, berg_error *error) {
  const model_list *voxels = &subject->selection.units[0];
  const berg_array *all = berg_metadata_find(subject->metadata, key);
  labels->coordinates = base_alloc(voxels->count, 3 * sizeof *labels->coordinates, error);
  if (!labels->coordinates) return BERG_ELIMIT;
  berg_status status = model_coordinates_of(all, voxels->items, voxels->count, labels->coordinates, error);
  labels->unit->coordinates = labels->coordinates;
  return status || !io_nifti_is_name(path) ? status : take_space(labels, all, options, error);
}

/* "trial-1", ... */
static berg_status take_trials(model_labels *labels, size_t count, berg_error *error) {
  labels->trials = base_calloc(count, sizeof *labels->trials, error);
  if (!labels->trials) return BERG_ELIMIT;
  labels->trial_count = count;
  for (size_t i = 0; i < count; i++)
    if (!(labels->trials[i] = base_format(error, "trial-%zu", i + 1))) return BERG_ELIMIT;
  labels->axes[labels->io.axis_count++] =
      (io_axis){.name = "trial", .length = count, .texts = (const char *const *)labels->trials};
  return BERG_OK;
}

static void take_axes(model_labels *labels, const berg_output *output) {
  labels->io.axes = labels->axes;
  for (size_t a = 0; a < output->axis_count; a++) {
    const berg_axis *axis = &output->axes[a];
    io_axis *to = &labels->axes[labels->io.axis_count++];
    *to = (io_axis){.name = axis->name,
                    .length = axis->length,
                    .texts = axis->labels,
                    .numbers = axis->values,
                    .unit = axis->unit,
                    .indices = axis->values ? NULL : axis->indices};
    if (strcmp(axis->name, "repetition") && strcmp(axis->name, "time")) labels->unit = to;
  }
  labels->unit->groups_name = "rois";
}

static void take_attributes(model_labels *labels, const berg_model *model, const model_subject *subject,
                            const berg_output *output) {
  char *end;
  const long number = strtol(subject->name, &end, 10);
  io_attribute *attributes = labels->attributes;
  attributes[0] = (io_attribute){.name = "model", .text = model->id};
  attributes[1] = (io_attribute){.name = "subject", .text = *end ? subject->name : NULL, .number = number};
  attributes[2] = (io_attribute){.name = "hemisphere", .text = output->name};
  labels->io.attributes = attributes;
  labels->io.attribute_count = *output->name ? 3 : 2;
}

/* Where the units lie: on a surface, or in a volume. */
static berg_status take_places(model_labels *labels, const berg_model *model, const model_subject *subject,
                               const char *path, const berg_output_options *options, berg_error *error) {
  const model_layout *layout = model->layout;
  if (!strcmp(layout->unit, "vertex")) {
    const size_t vertices = model_metadata_units(subject->metadata, labels->output);
    labels->surface = (io_surface){vertices, labels->output ? IO_RIGHT : IO_LEFT};
    labels->io.surface = &labels->surface;
    return model_outside(&labels->io.nan_outside, BERG_F32, options->volume, error);
  }
  if (strcmp(layout->unit, "voxel")) return BERG_OK;
  return take_coordinates(labels, subject, layout->outputs[0].units, path, options, error);
}

berg_status model_labels_make(model_labels *labels, const berg_model *model, size_t subject_index, size_t output_index,
                              const char *path, const berg_output_options *options, berg_error *error) {
  const model_subject *subject = &model->subjects[subject_index];
  const berg_output *output = &subject->outputs[output_index];
  const model_layout *layout = model->layout;
  *labels = (model_labels){.io = {.what = layout->measured_briefly, .evoked = layout->evoked}, .output = output_index};
  berg_status status = options->trials ? take_trials(labels, options->trials->trials, error) : BERG_OK;
  take_axes(labels, output);
  take_attributes(labels, model, subject, output);
  if (!status && !subject->selection.means) status = take_places(labels, model, subject, path, options, error);
  if (status) model_labels_release(labels);
  return status;
}

void model_labels_release(model_labels *labels) {
  base_free_texts(labels->trials, labels->trial_count);
  base_free(labels->coordinates);
  base_free(labels->rois);
  base_free(labels->roi_columns);
  memset(labels, 0, sizeof *labels);
}

static int ascending(const void *a, const void *b) {
  int64_t x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return (x > y) - (x < y);
}

/* Columns of each voxel as lists: first[voxel], then next[column]. A voxel of two ROIs may have two columns. */
typedef struct column_lists {
  size_t *first, *next;
} column_lists;

static berg_status make_lists(column_lists *lists, const model_list *columns, size_t voxels, berg_error *error) {
  lists->first = base_alloc(voxels, sizeof *lists->first, error);
  lists->next = lists->first ? base_alloc(columns->count, sizeof *lists->next, error) : NULL;
  if (!lists->next) return BERG_ELIMIT;
  for (size_t v = 0; v < voxels; v++) lists->first[v] = NONE;
  for (size_t c = columns->count; c-- > 0;) {
    lists->next[c] = lists->first[columns->items[c]];
    lists->first[columns->items[c]] = c;
  }
  return BERG_OK;
}

/* Appends one ROI, the entry `name` of the metadata; columns are counted from the labels' `used` on, and grow in a
 * block that may move. */
static berg_status add_roi(model_labels *labels, const char *name, const char *roi, const model_subject *subject,
                           const column_lists *lists, size_t *used, size_t *room, berg_error *error) {
  size_t *voxels, count;
  const size_t before = *used, units = model_metadata_units(subject->metadata, labels->output);
  berg_status status = model_metadata_indices(subject->metadata, name, roi, units, false, &voxels, &count, error);
  if (status) return status == BERG_ELIMIT ? status : BERG_OK;
  for (size_t i = 0; i < count && !status; i++)
    for (size_t c = lists->first[voxels[i]]; c != NONE && !status; c = lists->next[c]) {
      void *block = labels->roi_columns;
      if (!base_grow(&block, room, *used + 1, sizeof *labels->roi_columns, error)) status = BERG_ELIMIT;
      labels->roi_columns = block;
      if (!status) labels->roi_columns[(*used)++] = (int64_t)c;
    }
  base_free(voxels);
  if (!status && *used > before) {
    qsort(labels->roi_columns + before, *used - before, sizeof *labels->roi_columns, ascending);
    labels->rois[labels->unit->group_count++] = (io_axis_group){.name = roi, .count = *used - before};
  }
  return status;
}

berg_status model_labels_add_rois(model_labels *labels, const berg_model *model, const model_subject *subject,
                                  berg_error *error) {
  const berg_metadata *metadata = subject->metadata;
  const char *rois = model->layout->outputs[labels->output].rois;
  const size_t entries = berg_metadata_count(metadata), prefix = rois ? strlen(rois) : 0;
  column_lists lists = {NULL, NULL};
  size_t used = 0, room = 0;
  if (!labels->unit->indices || !rois) return BERG_OK;
  labels->rois = base_calloc(entries, sizeof *labels->rois, error);
  berg_status status = labels->rois ? make_lists(&lists, &subject->selection.units[labels->output],
                                                 model_metadata_units(metadata, labels->output), error)
                                    : BERG_ELIMIT;
  for (size_t e = 0; e < entries && !status; e++) {
    const char *name = berg_metadata_entry(metadata, e)->name;
    if (name && !strncmp(name, rois, prefix))
      status = add_roi(labels, name, name + prefix, subject, &lists, &used, &room, error);
  }
  base_free(lists.first);
  base_free(lists.next);
  const int64_t *columns = labels->roi_columns;
  for (size_t i = 0; i < labels->unit->group_count; columns += labels->rois[i++].count)
    labels->rois[i].positions = columns;
  labels->unit->groups = labels->rois;
  return status;
}

berg_status model_row_names_make(model_row_names *names, const berg_stimuli *stimuli, size_t rows, berg_error *error) {
  *names = (model_row_names){.rows = rows};
  if (!rows || !berg_stimuli_name(stimuli, 0)) return BERG_OK;
  names->names = base_calloc(rows, sizeof *names->names, error);
  if (!names->names) return BERG_ELIMIT;
  for (size_t i = 0, row = 0; i < berg_stimuli_count(stimuli) && row < rows; i++)
    if (!model_stimuli_is_bad(stimuli, i)) names->names[row++] = berg_stimuli_name(stimuli, i);
  return BERG_OK;
}

static void hash_row(void *user, size_t i, size_t rank) {
  const model_row_names *names = user;
  io_file_hash hash;
  (void)rank;
  if (!io_hash_file(&hash, names->names[i], false, NULL)) memcpy(names->hashes[i], hash.text, sizeof hash.text);
}

berg_status model_row_names_hash(model_row_names *names, int threads, berg_error *error) {
  if (!names->names || names->hashes) return BERG_OK;
  names->hashes = base_calloc(names->rows, sizeof *names->hashes, error);
  if (!names->hashes) return BERG_ELIMIT;
  base_share(threads, names->rows, hash_row, names);
  berg_status status = BERG_OK;
  for (size_t i = 0; i < names->rows && !status; i++) {
    io_file_hash hash;
    if (*names->hashes[i]) continue;
    status = io_hash_file(&hash, names->names[i], false, error); /* the second try says why */
    if (!status) memcpy(names->hashes[i], hash.text, sizeof hash.text);
  }
  return status;
}

void model_row_names_release(model_row_names *names) {
  base_free(names->names);
  base_free(names->hashes);
  memset(names, 0, sizeof *names);
}
