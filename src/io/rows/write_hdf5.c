/* Writes rows and what is known of their axes as HDF5 (the labels may call responses and images otherwise):
 *
 *     /responses             float32 (rows, columns), or (rows, axis...)
 *     /image_names           UTF-8 of fixed length (rows)            where images have names
 *     /image_sha256          64 digits (rows), "" where not known    likewise
 *     of each axis of a row, where it is known:
 *     /<axis>_names          UTF-8 of fixed length (length): channel_names, roi_names
 *     /<axis>_index          int64 (length): voxel_index
 *     /<axis>_coordinates    int64 (length, 3)
 *     /<axis>                float64 (length), with an attribute "unit": time, in s
 *     /<groups>/<name>       int64: the positions of a group, ascending: rois/V1; not where HDF5 has no such names
 *     /provenance            UTF-8, JSON: what the responses were made from
 *     attributes of /: the labels', creator (UTF-8); of /responses, where a row has several axes: axes, "image channel"
 *
 * What is around the data is written first, then the data where they lie. No times are stored: the same responses give
 * the same bytes. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/hdf5/hdf5_draft.h"
#include "io/hdf5/hdf5_texts.h"
#include "io/file/put_at.h"
#include "io/rows/row_source.h"
#include "io/file/whole_file.h"

#define CHUNK_BYTES ((size_t)1 << 22)
#define ATTRIBUTE_MAX 1024
#define NAME_MAX_BYTES 128

_Static_assert(sizeof(size_t) == sizeof(int64_t), "voxel indices are written as they lie in memory");

/* Where each dataset's data begin; IO_HDF5_NOWHERE: it is not there, or empty. */
typedef struct axis_layout {
  uint64_t names, index, coordinates, numbers;
  uint64_t *groups; /* [group_count] */
} axis_layout;

typedef struct layout {
  uint64_t responses, image_names, image_hashes, provenance;
  axis_layout axes[IO_ROW_DIMS_MAX];
} layout;

static void add_list(io_hdf5_draft *draft, size_t group, const char *name, io_hdf5_type type, size_t count,
                     uint64_t *offset) {
  io_hdf5_add_dataset(draft, group, name, type, &count, 1, offset);
}

static void add_groups(io_hdf5_draft *draft, const io_axis *axis, const axis_layout *at) {
  const size_t group = io_hdf5_add_group(draft, IO_HDF5_ROOT, axis->groups_name);
  for (size_t i = 0; i < axis->group_count; i++) {
    const char *name = axis->groups[i].name;
    if (io_hdf5_is_name(name))
      add_list(draft, group, name, io_hdf5_number(BERG_I64), axis->groups[i].count, &at->groups[i]);
  }
}

static void add_axis(io_hdf5_draft *draft, const io_axis *axis, axis_layout *at) {
  const io_hdf5_type whole = io_hdf5_number(BERG_I64);
  const size_t length = axis->length, points[2] = {length, 3};
  char name[NAME_MAX_BYTES];
  if (axis->group_count) add_groups(draft, axis, at);
  base_print(name, sizeof name, "%s_names", axis->name);
  if (axis->texts)
    add_list(draft, IO_HDF5_ROOT, name, io_hdf5_text(io_hdf5_longest(axis->texts, length)), length, &at->names);
  base_print(name, sizeof name, "%s_index", axis->name);
  if (axis->indices) add_list(draft, IO_HDF5_ROOT, name, whole, length, &at->index);
  base_print(name, sizeof name, "%s_coordinates", axis->name);
  if (axis->coordinates) io_hdf5_add_dataset(draft, IO_HDF5_ROOT, name, whole, points, 2, &at->coordinates);
  if (!axis->numbers) return;
  const size_t numbers =
      io_hdf5_add_dataset(draft, IO_HDF5_ROOT, axis->name, io_hdf5_number(BERG_F64), &length, 1, &at->numbers);
  if (axis->unit) io_hdf5_add_text_note(draft, numbers, "unit", axis->unit);
}

static const char *row_of(const io_labels *labels) { return labels->row ? labels->row : "image"; }

static void add_responses(io_hdf5_draft *draft, const io_row_source *source, const io_labels *labels, layout *at) {
  char axes[IO_ROW_DIMS_MAX * NAME_MAX_BYTES];
  size_t shape[IO_ROW_DIMS_MAX + 1] = {source->rows};
  size_t used = (size_t)base_print(axes, sizeof axes, "%s", row_of(labels));
  for (size_t d = 0; d < source->ndim; d++) {
    shape[d + 1] = source->shape[d];
    used += (size_t)base_print(axes + used, sizeof axes - used, " %s", labels->axes[d].name);
  }
  const size_t made = io_hdf5_add_dataset(draft, IO_HDF5_ROOT, labels->values ? labels->values : "responses",
                                          io_hdf5_number(BERG_F32), shape, source->ndim + 1, &at->responses);
  if (source->ndim > 1) io_hdf5_add_text_note(draft, made, "axes", axes);
}

static void add_attributes(io_hdf5_draft *draft, const io_labels *labels) {
  char creator[64];
  base_print(creator, sizeof creator, "libberg %s", berg_version());
  for (size_t i = 0; i < labels->attribute_count; i++) {
    const io_attribute *attribute = &labels->attributes[i];
    if (attribute->text)
      io_hdf5_add_text_note(draft, IO_HDF5_ROOT, attribute->name, attribute->text);
    else
      io_hdf5_add_number_note(draft, IO_HDF5_ROOT, attribute->name, attribute->number);
  }
  io_hdf5_add_text_note(draft, IO_HDF5_ROOT, "creator", creator);
}

static void add_all(io_hdf5_draft *draft, const io_row_source *source, const io_labels *labels, layout *at) {
  const size_t rows = source->rows;
  char names[NAME_MAX_BYTES];
  add_responses(draft, source, labels, at);
  base_print(names, sizeof names, "%s_names", row_of(labels));
  if (labels->row_names)
    add_list(draft, IO_HDF5_ROOT, names, io_hdf5_text(io_hdf5_longest(labels->row_names, rows)), rows,
             &at->image_names);
  if (labels->row_hashes)
    add_list(draft, IO_HDF5_ROOT, "image_sha256", io_hdf5_text(BASE_SHA256_TEXT - 1), rows, &at->image_hashes);
  if (labels->provenance)
    add_list(draft, IO_HDF5_ROOT, "provenance", io_hdf5_text(strlen(labels->provenance)), 1, &at->provenance);
  for (size_t a = 0; a < labels->axis_count; a++) add_axis(draft, &labels->axes[a], &at->axes[a]);
  add_attributes(draft, labels);
}

static berg_status check_attributes(const char *path, const io_labels *labels, berg_error *error) {
  for (size_t i = 0; i < labels->attribute_count; i++)
    if (labels->attributes[i].text && strlen(labels->attributes[i].text) > ATTRIBUTE_MAX)
      return base_fail(error, BERG_EARGUMENT, "%s: a %s's name of more than %d bytes", path, labels->attributes[i].name,
                       ATTRIBUTE_MAX);
  return BERG_OK;
}

static berg_status lay_out(int file, const char *path, const io_row_source *source, const io_labels *labels, layout *at,
                           berg_error *error) {
  io_hdf5_draft draft;
  uint64_t bytes;
  berg_status status = check_attributes(path, labels, error);
  if (status) return status;
  io_hdf5_draft_begin(&draft, path, error);
  add_all(&draft, source, labels, at);
  return io_hdf5_draft_finish(&draft, file, &bytes);
}

static berg_status put_responses(int file, const io_row_source *source, uint64_t offset, const char *path,
                                 berg_error *error) {
  const size_t all = source->rows * source->columns, step = CHUNK_BYTES / sizeof(float);
  float *values = base_alloc(step, sizeof *values, error);
  berg_status status = values ? BERG_OK : BERG_ELIMIT;
  for (size_t first = 0; first < all && !status; first += step) {
    size_t count = all - first < step ? all - first : step;
    status = io_row_source_read(source, first, count, values, error);
    if (!status) status = io_put_at(file, values, count * sizeof *values, offset + first * sizeof *values, path, error);
  }
  base_free(values);
  return status;
}

static berg_status put_names(int file, const char *const *names, size_t count, uint64_t offset, const char *path,
                             berg_error *error) {
  return io_hdf5_put_texts(file, names, count, io_hdf5_longest(names, count), offset, path, error);
}

static berg_status fill_axis(int file, const char *path, const io_axis *axis, const axis_layout *at,
                             berg_error *error) {
  const size_t length = axis->length;
  berg_status status = BERG_OK;
  for (size_t i = 0; i < axis->group_count && !status; i++)
    if (at->groups[i] != IO_HDF5_NOWHERE)
      status = io_put_at(file, axis->groups[i].positions, axis->groups[i].count * sizeof(int64_t), at->groups[i], path,
                         error);
  if (!status && at->names != IO_HDF5_NOWHERE) status = put_names(file, axis->texts, length, at->names, path, error);
  if (!status && at->index != IO_HDF5_NOWHERE)
    status = io_put_at(file, axis->indices, length * sizeof(int64_t), at->index, path, error);
  if (!status && at->coordinates != IO_HDF5_NOWHERE)
    status = io_put_at(file, axis->coordinates, length * 3 * sizeof(int64_t), at->coordinates, path, error);
  if (!status && at->numbers != IO_HDF5_NOWHERE)
    status = io_put_at(file, axis->numbers, length * sizeof(double), at->numbers, path, error);
  return status;
}

static berg_status fill(int file, const char *path, const io_row_source *source, const io_labels *labels,
                        const layout *at, berg_error *error) {
  berg_status status = BERG_OK;
  if (at->responses != IO_HDF5_NOWHERE) status = put_responses(file, source, at->responses, path, error);
  if (!status && at->image_names != IO_HDF5_NOWHERE)
    status = put_names(file, labels->row_names, source->rows, at->image_names, path, error);
  if (!status && at->image_hashes != IO_HDF5_NOWHERE)
    status = io_hdf5_put_texts_apart(file, labels->row_hashes[0], BASE_SHA256_TEXT, source->rows, BASE_SHA256_TEXT - 1,
                                     at->image_hashes, path, error);
  if (!status && at->provenance != IO_HDF5_NOWHERE)
    status = io_put_at(file, labels->provenance, strlen(labels->provenance), at->provenance, path, error);
  for (size_t a = 0; a < labels->axis_count && !status; a++)
    status = fill_axis(file, path, &labels->axes[a], &at->axes[a], error);
  return status;
}

static berg_status start_layout(layout *at, const io_labels *labels, berg_error *error) {
  *at = (layout){IO_HDF5_NOWHERE, IO_HDF5_NOWHERE, IO_HDF5_NOWHERE, IO_HDF5_NOWHERE, {{0}}};
  for (size_t a = 0; a < labels->axis_count; a++) {
    const size_t count = labels->axes[a].group_count;
    at->axes[a] = (axis_layout){IO_HDF5_NOWHERE, IO_HDF5_NOWHERE, IO_HDF5_NOWHERE, IO_HDF5_NOWHERE, NULL};
    at->axes[a].groups = base_alloc(count, sizeof *at->axes[a].groups, error);
    if (!at->axes[a].groups) return BERG_ELIMIT;
    for (size_t i = 0; i < count; i++) at->axes[a].groups[i] = IO_HDF5_NOWHERE;
  }
  return BERG_OK;
}

static berg_status write_file(io_whole_file *file, const char *path, const io_row_source *source,
                              const io_labels *labels, layout *at, berg_error *error) {
  const int handle = io_whole_file_handle(file);
  berg_status status = lay_out(handle, path, source, labels, at, error);
  if (!status) status = fill(handle, path, source, labels, at, error);
  if (!status) return io_whole_file_commit(file, error);
  io_whole_file_abandon(file, error);
  return status;
}

berg_status io_write_hdf5(const io_row_source *source, const char *path, bool force, const io_labels *labels,
                          berg_error *error) {
  layout at;
  io_whole_file *file;
  berg_status status = start_layout(&at, labels, error);
  if (!status) status = io_whole_file_open(&file, path, force, error);
  if (!status) status = write_file(file, path, source, labels, &at, error);
  for (size_t a = 0; a < labels->axis_count; a++) base_free(at.axes[a].groups);
  return status;
}
