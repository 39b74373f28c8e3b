/* A subject's metadata: entries, the axes of the responses, regions. */
#include "model/catalog/metadata.h"

#include <math.h>
#include <string.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/container/container.h"
#include "io/value/nest.h"
#include "io/value/structure.h"
#include "io/value/text_array.h"
#include "model/catalog/commands.h"
#include "model/catalog/paths.h"
#include "model/catalog/registry.h"

/* More columns than anybody records from, and what a hostile file can make us allocate a list of. */
#define MOST_COLUMNS ((size_t)1 << 28)

struct berg_metadata {
  const model_layout *layout;
  berg_file *file;
  char *path;
  bool is_flat;      /* keys are those of the model's, without what is before the first dot */
  berg_status fault; /* of a file that does not fit */
  berg_output outputs[MODEL_OUTPUTS_MAX];
  size_t output_count;
  char **labels[MODEL_OUTPUTS_MAX]; /* of their units; NULL: they have no names */
  double *times;
};

static berg_status fail(const berg_metadata *metadata, const char *item, const char *what, const char *expected,
                        const char *found, berg_error *error) {
  return base_fail_at(error,
                      &(base_fault){metadata->fault, metadata->path, BERG_NO_OFFSET, item, what, expected, found});
}

static berg_status missing(const berg_metadata *metadata, const char *key, const char *expected, berg_error *error) {
  return fail(metadata, key, "entry missing", expected, "no entry of this name", error);
}

static berg_status does_not_fit(const berg_metadata *metadata, const berg_array *array, const char *what,
                                const char *expected, berg_error *error) {
  char found[128];
  base_array_describe(array, found, sizeof found);
  return fail(metadata, array->name, what, expected, found, error);
}

/* A model's file that cannot be read is the model's fault. */
static berg_status unreadable(const berg_metadata *metadata, berg_status status, berg_error *error) {
  return metadata->fault == BERG_EMODEL ? model_blame(status, error) : status;
}

/* Where this file has what the model's metadata have under `key`. */
static const char *place_of(const berg_metadata *metadata, const char *key) {
  const char *dot = metadata->is_flat ? strchr(key, '.') : NULL;
  return dot ? dot + 1 : key;
}

/* --- Texts: an array of them, or Python's list, whose items are entries of their own: "eeg.ch_names.0", ... --- */

static bool is_text(const berg_array *array) { return array->dtype == BERG_STRING || array->dtype == BERG_UNICODE; }

/* The entry of the list's first item; their number where there is no such list. ELIMIT. */
static berg_status first_of_list(const berg_metadata *metadata, const char *key, size_t *first, berg_error *error) {
  char *name = base_format(error, "%s.0", key);
  if (!name) return BERG_ELIMIT;
  const size_t count = berg_metadata_count(metadata);
  for (*first = 0; *first < count && strcmp(berg_metadata_entry(metadata, *first)->name, name) != 0;) ++*first;
  base_free(name);
  return BERG_OK;
}

/* How many items the list has whose first one is entry `first`. */
static size_t length_of_list(const berg_metadata *metadata, const char *key, size_t first) {
  const size_t prefix = strlen(key);
  size_t count = 0;
  const berg_array *entry;
  while ((entry = berg_metadata_entry(metadata, first + count)) && !strncmp(entry->name, key, prefix) &&
         entry->name[prefix] == '.')
    count++;
  return count;
}

/* One text, and not of a list within the list. */
static bool is_item(const berg_array *entry, const char *key) {
  return !entry->ndim && !strchr(entry->name + strlen(key) + 1, '.');
}

/* Of the array, or, where it is NULL, of the entries of the list `key`. */
static berg_status take_texts(const berg_metadata *metadata, const char *key, const berg_array *array, size_t first,
                              size_t count, char **texts, berg_error *error) {
  for (size_t i = 0; i < count; i++) {
    const berg_array *from = array ? array : berg_metadata_entry(metadata, first + i);
    if (!is_text(from) || (!array && !is_item(from, key)))
      return does_not_fit(metadata, from, "not a name", "text", error);
    berg_error why;
    if ((texts[i] = io_text_at(from, array ? i : 0, &why))) continue;
    if (error) *error = why;
    return unreadable(metadata, why.status, error);
  }
  return BERG_OK;
}

berg_status model_metadata_texts(const berg_metadata *metadata, const char *key, char ***out, size_t *count,
                                 berg_error *error) {
  const berg_array *array = berg_metadata_find(metadata, key);
  size_t first = 0;
  *out = NULL;
  *count = 0;
  if (array && base_is_numeric(array->dtype) && array->ndim == 1)
    return does_not_fit(metadata, array, "not names", "text", error);
  if (array && (!is_text(array) || array->ndim != 1)) return BERG_OK;
  berg_status status = array ? BERG_OK : first_of_list(metadata, key, &first, error);
  if (status) return status;
  *count = array ? array->shape[0] : length_of_list(metadata, key, first);
  if (!*count) return BERG_OK;
  char **texts = base_calloc(*count, sizeof *texts, error);
  status = texts ? take_texts(metadata, key, array, first, *count, texts, error) : BERG_ELIMIT;
  if (status) {
    base_free_texts(texts, *count);
    *count = 0;
  } else {
    *out = texts;
  }
  return status;
}

/* --- Axes --- */

/* 0: not a number of units. */
static size_t whole_number(const berg_array *array) {
  const double number = base_is_numeric(array->dtype) ? base_read_number(array->dtype, array->data) : 0;
  return number >= 1 && number <= (double)MOST_COLUMNS && number == floor(number) ? (size_t)number : 0;
}

/* Units are counted by their names, by a whole number, or by an array of one row a unit. */
static berg_status count_units(berg_metadata *metadata, size_t o, size_t *count, berg_error *error) {
  const char *key = place_of(metadata, metadata->layout->outputs[o].units),
             *form = metadata->layout->outputs[o].units_form;
  const berg_array *array = berg_metadata_find(metadata, key);
  const bool has_names = !array || is_text(array) || !strncmp(form, "text", 4);
  berg_status status = has_names ? model_metadata_texts(metadata, key, &metadata->labels[o], count, error) : BERG_OK;
  if (status || metadata->labels[o]) return status;
  if (!array) return missing(metadata, key, form, error);
  *count = array->ndim ? array->shape[0] : whole_number(array);
  return *count ? BERG_OK : does_not_fit(metadata, array, "does not count units", form, error);
}

static berg_status read_times(berg_metadata *metadata, size_t *count, berg_error *error) {
  *count = 1;
  if (!metadata->layout->times) return BERG_OK;
  const char *key = place_of(metadata, metadata->layout->times);
  const berg_array *array = berg_metadata_find(metadata, key);
  if (!array) return missing(metadata, key, "the time of each sample", error);
  if (!base_is_numeric(array->dtype) || array->ndim != 1 || !array->shape[0])
    return does_not_fit(metadata, array, "not times", "numbers (times,)", error);
  *count = array->shape[0];
  metadata->times = base_alloc(*count, sizeof *metadata->times, error);
  if (!metadata->times) return BERG_ELIMIT;
  base_convert_to_double(array, metadata->times);
  return BERG_OK;
}

static berg_status count_columns(const berg_metadata *metadata, size_t o, size_t units, size_t times, size_t *columns,
                                 berg_error *error) {
  if (base_multiply(units, times, columns) && *columns <= MOST_COLUMNS) return BERG_OK;
  char expected[64];
  base_print(expected, sizeof expected, "at most %zu units x times", MOST_COLUMNS);
  return base_fail_found(error, BERG_EMODEL, metadata->path, metadata->layout->outputs[o].units, expected, "%zu x %zu",
                         units, times);
}

static berg_status describe(berg_metadata *metadata, berg_error *error) {
  const model_layout *layout = metadata->layout;
  size_t times, units;
  berg_status status = read_times(metadata, &times, error);
  metadata->output_count = model_layout_outputs(layout);
  for (size_t o = 0, first = 0; o < metadata->output_count && !status; first += metadata->outputs[o++].columns) {
    berg_output *output = &metadata->outputs[o];
    units = 0;
    status = count_units(metadata, o, &units, error);
    if (!status) status = count_columns(metadata, o, units, times, &output->columns, error);
    output->name = layout->outputs[o].name;
    output->first = first;
    output->axes[output->axis_count++] =
        (berg_axis){.name = layout->unit, .length = units, .labels = (const char *const *)metadata->labels[o]};
    if (metadata->times)
      output->axes[output->axis_count++] =
          (berg_axis){.name = "time", .length = times, .values = metadata->times, .unit = layout->time_unit};
  }
  if (!status && layout->check && metadata->fault == BERG_EMODEL) status = layout->check(metadata, error);
  return status;
}

/* Takes over the path. */
static berg_status open_at(berg_metadata **out, const model_layout *layout, char *path, bool is_prepared,
                           berg_error *error) {
  berg_metadata *metadata = base_calloc(1, sizeof *metadata, error);
  if (!metadata) {
    base_free(path);
    return BERG_ELIMIT;
  }
  metadata->layout = layout;
  metadata->path = path;
  metadata->is_flat = is_prepared && layout->prepared.kept;
  metadata->fault = is_prepared ? BERG_EINPUT : BERG_EMODEL;
  berg_status status = berg_file_open(&metadata->file, path, error);
  if (!status) status = io_container_gather(metadata->file, error);
  status = unreadable(metadata, status, error);
  if (!status) status = describe(metadata, error);
  if (status)
    berg_metadata_free(metadata);
  else
    *out = metadata;
  return status;
}

berg_status berg_metadata_open(berg_metadata **out, const char *model_id, const char *berg_dir, const char *subject,
                               berg_error *error) {
  char *path;
  *out = NULL;
  berg_status status = model_check_id(model_id, error);
  if (!status) status = model_path_metadata(&path, model_id, berg_dir, subject, error);
  if (status) return status;
  char *kept = base_copy_text(path, error); /* opening takes the path */
  status = open_at(out, model_layout_of(model_id), path, false, error);
  if (kept) status = model_tell_fetch(status, kept, model_id, berg_dir, subject, 0, error);
  base_free(kept);
  return status;
}

berg_status model_metadata_open_prepared(berg_metadata **out, const char *model_id, const char *path,
                                         berg_error *error) {
  *out = NULL;
  char *copy = base_copy_text(path, error);
  return copy ? open_at(out, model_layout_of(model_id), copy, true, error) : BERG_ELIMIT;
}

const berg_file *model_metadata_file(const berg_metadata *metadata) { return metadata->file; }

void berg_metadata_free(berg_metadata *metadata) {
  if (!metadata) return;
  for (size_t o = 0; o < metadata->output_count; o++)
    base_free_texts(metadata->labels[o], metadata->outputs[o].axes[0].length);
  base_free(metadata->times);
  berg_file_free(metadata->file);
  base_free(metadata->path);
  base_free(metadata);
}

const char *berg_metadata_path(const berg_metadata *metadata) { return metadata->path; }
size_t berg_metadata_outputs(const berg_metadata *metadata) { return metadata->output_count; }
const berg_output *berg_metadata_output(const berg_metadata *metadata, size_t index) {
  return index < metadata->output_count ? &metadata->outputs[index] : NULL;
}
size_t berg_metadata_count(const berg_metadata *metadata) { return berg_file_count(metadata->file); }
const berg_array *berg_metadata_entry(const berg_metadata *metadata, size_t index) {
  return berg_file_entry(metadata->file, index);
}
const berg_array *berg_metadata_find(const berg_metadata *metadata, const char *name) {
  return berg_file_find(metadata->file, name);
}

berg_status berg_metadata_structure(char **json, const berg_metadata *metadata, berg_error *error) {
  const io_document *document = io_container_document(metadata->file);
  io_value *root = document->root;
  io_arena arena;
  *json = NULL;
  io_arena_init(&arena, 0);
  berg_status status = document->is_flat ? io_nest(&root, &arena, root, error) : BERG_OK;
  if (!status) status = io_structure_write(json, root, error);
  io_arena_release(&arena);
  return model_blame(status, error);
}

const model_layout *model_metadata_layout(const berg_metadata *metadata) { return metadata->layout; }
size_t model_metadata_units(const berg_metadata *metadata, size_t output) {
  return metadata->outputs[output].axes[0].length;
}
size_t model_metadata_times(const berg_metadata *metadata) {
  return metadata->times ? metadata->outputs[0].axes[1].length : 1;
}
size_t model_metadata_memory(const berg_metadata *metadata) {
  return io_container_document(metadata->file)->arena.total;
}
size_t model_metadata_voxels(const berg_metadata *metadata) { return model_metadata_units(metadata, 0); }

/* --- Regions --- */

const char *model_roi_name(const berg_metadata *metadata, size_t index) {
  const char *rois = metadata->layout->outputs[0].rois;
  const size_t prefix = rois ? strlen(rois) : 0;
  for (size_t i = 0; rois && i < berg_metadata_count(metadata); i++) {
    const char *name = berg_metadata_entry(metadata, i)->name;
    if (name && !strncmp(name, rois, prefix) && index-- == 0) return name + prefix;
  }
  return NULL;
}

#define WHOLE_NUMBERS "whole numbers (n,)"

static berg_status take_indices(const berg_metadata *metadata, const berg_array *from, size_t units, size_t *list,
                                berg_error *error) {
  for (size_t i = 0; i < from->shape[0]; i++) {
    const int64_t index = base_read_whole(from->dtype, (const char *)from->data + (ptrdiff_t)i * from->strides[0]);
    if (index < 0 || (uint64_t)index >= units) {
      char expected[64];
      base_print(expected, sizeof expected, "indices below the number of %s",
                 !strcmp(metadata->layout->unit, "vertex") ? "vertices" : "voxels");
      return base_fail_found(error, BERG_EMODEL, metadata->path, from->name, expected, "%lld", (long long)index);
    }
    list[i] = (size_t)index;
  }
  return BERG_OK;
}

/* A region whose name ends in `word`, whatever the case of its letters (of ffa lFFA), else the first; or NULL. */
static const char *roi_like(const berg_metadata *metadata, const char *word) {
  for (size_t i = 0;; i++) {
    const char *name = model_roi_name(metadata, i);
    if (!name) return model_roi_name(metadata, 0);
    for (const char *from = name; *from; from++)
      if (base_same_word(from, word)) return name;
  }
}

/* Its name may be that of something else, such as a list of texts. */
static berg_status no_such_roi(const berg_metadata *metadata, const char *name, const char *roi, berg_error *error) {
  const size_t length = strlen(name);
  for (size_t i = 0; i < berg_metadata_count(metadata); i++) {
    const char *entry = berg_metadata_entry(metadata, i)->name;
    if (!strncmp(entry, name, length) && entry[length] == '.')
      return fail(metadata, name, "not voxel indices", WHOLE_NUMBERS, "a list or dict of something else", error);
  }
  const char *like = roi_like(metadata, roi);
  char *expected = like ? base_format(error, "one of the metadata's ROIs, such as %s", like) : NULL;
  if (like && !expected) return BERG_ELIMIT;
  berg_status status =
      base_fail_at(error, &(base_fault){BERG_EPARAMETER, metadata->path, BERG_NO_OFFSET, roi,
                                        "this subject has no such ROI", expected ? expected : "no ROI", roi});
  base_free(expected);
  return status;
}

berg_status model_metadata_indices(const berg_metadata *metadata, const char *name, const char *roi, size_t units,
                                   bool empty_too, size_t **out, size_t *count, berg_error *error) {
  const berg_array *indices = berg_metadata_find(metadata, name);
  *out = NULL;
  *count = 0;
  if (!indices) return no_such_roi(metadata, name, roi, error);
  if (indices->ndim != 1 || (!base_is_whole(indices->dtype) && indices->shape[0]))
    return does_not_fit(metadata, indices, "not voxel indices", WHOLE_NUMBERS, error);
  if (!indices->shape[0] && !empty_too)
    return base_fail_at(error, &(base_fault){BERG_EPARAMETER, metadata->path, BERG_NO_OFFSET, roi,
                                             "this ROI has no voxels in this subject", NULL, NULL});
  size_t *list = base_alloc(indices->shape[0], sizeof *list, error);
  if (!list) return BERG_ELIMIT;
  berg_status status = take_indices(metadata, indices, units, list, error);
  if (status) {
    base_free(list);
    return status;
  }
  *out = list;
  *count = indices->shape[0];
  return BERG_OK;
}

berg_status model_roi_voxels(const berg_metadata *metadata, const char *roi, size_t **voxels, size_t *count,
                             berg_error *error) {
  *voxels = NULL;
  *count = 0;
  const char *rois = metadata->layout->outputs[0].rois;
  if (!rois || !metadata->layout->means)
    return base_fail_at(error, &(base_fault){BERG_EPARAMETER, metadata->path, BERG_NO_OFFSET, roi,
                                             "this model has no regions of voxels", NULL, roi});
  char *name = base_format(error, "%s%s", rois, roi);
  if (!name) return BERG_ELIMIT;
  berg_status status =
      model_metadata_indices(metadata, name, roi, model_metadata_voxels(metadata), false, voxels, count, error);
  base_free(name);
  return status;
}

berg_status model_voxel_values(const berg_metadata *metadata, const char *name, double **values, berg_error *error) {
  const size_t voxels = model_metadata_voxels(metadata);
  *values = NULL;
  const berg_array *array = berg_metadata_find(metadata, name);
  if (!array) return missing(metadata, name, "one number a voxel", error);
  if (!base_is_numeric(array->dtype) || array->ndim != 1 || array->shape[0] != voxels)
    return does_not_fit(metadata, array, "does not fit the voxels", "one number a voxel", error);
  double *list = base_alloc(voxels, sizeof *list, error);
  if (!list) return BERG_ELIMIT;
  base_convert_to_double(array, list);
  *values = list;
  return BERG_OK;
}
