/* Numbers of all columns of a subject to files, by their ending. */
#include "volume/maps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/container/npy.h"
#include "io/container/sink.h"
#include "io/file/put_at.h"
#include "io/rows/row_source.h"
#include "io/surface/surface.h"
#include "io/value/json_build.h"
#include "model/catalog/metadata.h"
#include "model/catalog/space.h"
#include "model/output/options.h"
#include "volume/volume.h"

/* --- What the columns are --- */

static void take_axes(volume_maps *maps, const berg_output *output) {
  maps->labels.axes = maps->axes;
  maps->labels.axis_count = output->axis_count;
  for (size_t a = 0; a < output->axis_count; a++) {
    const berg_axis *axis = &output->axes[a];
    maps->axes[a] = (io_axis){.name = axis->name,
                              .length = axis->length,
                              .texts = axis->labels,
                              .numbers = axis->values,
                              .unit = axis->unit,
                              .indices = axis->values ? NULL : axis->indices};
  }
}

static berg_status take_places(volume_maps *maps, io_surface *surface, size_t output, berg_error *error) {
  const model_layout *layout = model_metadata_layout(maps->metadata);
  *surface = (io_surface){model_metadata_units(maps->metadata, output), output ? IO_RIGHT : IO_LEFT};
  if (!strcmp(layout->unit, "vertex")) maps->labels.surface = surface;
  if (strcmp(layout->unit, "voxel")) return BERG_OK;
  size_t voxels;
  return model_coordinates(berg_metadata_find(maps->metadata, layout->outputs[0].units), &maps->coordinates, &voxels,
                           maps->labels.volume, error);
}

/* --- Formats --- */

static berg_status write_npy(const volume_maps *maps, const char *path, bool force, berg_error *error) {
  uint8_t header[256];
  const berg_array *values = &maps->values;
  const size_t length = io_npy_write_header(header, sizeof header, values->dtype, values->itemsize,
                                            values->shape + maps->single, maps->single ? 1 : 2);
  io_whole_file *file;
  berg_status status = io_whole_file_open(&file, path, force, error);
  if (status) return status;
  const io_sink sink = io_sink_file(file);
  status = io_put(&sink, header, length, error);
  if (!status) status = io_put_array(&sink, values, error);
  if (!status) return io_whole_file_commit(file, error);
  io_whole_file_abandon(file, error);
  return status;
}

static berg_status write_nifti(const volume_maps *maps, const char *path, const berg_output_options *options,
                               berg_error *error) {
  berg_array values = maps->values;
  const char *key = model_metadata_layout(maps->metadata)->outputs[0].units;
  if (!maps->coordinates)
    return base_fail(error, BERG_EARGUMENT,
                     "%s: a volume needs voxels, and these responses are of %s: expected another ending", path,
                     maps->axes[0].name);
  if (maps->single) {
    values.ndim = 1;
    values.shape[0] = values.shape[1];
    values.strides[0] = values.strides[1];
  }
  return berg_values_to_nifti(berg_metadata_find(maps->metadata, key), &values, NULL, 0, path, options, error);
}

/* The row writers read float32 from a file: an unnamed one. */
static berg_status spool(const volume_maps *maps, FILE *file, berg_error *error) {
  const size_t count = maps->values.shape[0] * maps->values.shape[1];
  float *floats = base_alloc(count, sizeof *floats, error);
  if (!floats) return BERG_ELIMIT;
  base_convert_to_float(&maps->values, floats);
  berg_status status = io_put_at(fileno(file), floats, count * sizeof *floats, 0, "a temporary file", error);
  base_free(floats);
  return status;
}

typedef berg_status (*row_writer)(const io_row_source *, const char *, bool, const io_labels *, berg_error *);

static berg_status write_rows(const volume_maps *maps, const char *path, bool force, row_writer write,
                              berg_error *error) {
  size_t shape[3];
  FILE *file = tmpfile();
  if (!file) return base_fail_errno(error, BERG_EWRITE, "a temporary file", "cannot be made", errno);
  for (size_t a = 0; a < maps->labels.axis_count; a++) shape[a] = maps->axes[a].length;
  const io_row_source source = {.file = fileno(file),
                                .rows = maps->values.shape[0],
                                .columns = maps->values.shape[1],
                                .shape = shape,
                                .ndim = maps->labels.axis_count,
                                .name = "a temporary file"};
  berg_status status = spool(maps, file, error);
  if (!status) status = write(&source, path, force, &maps->labels, error);
  fclose(file);
  return status;
}

static bool ends_in(const char *path, const char *ending) {
  const size_t length = strlen(path), tail = strlen(ending);
  return length > tail && base_same_word(path + length - tail, ending);
}

static berg_status write_by_ending(volume_maps *maps, const char *path, const berg_output_options *options,
                                   berg_error *error) {
  const bool force = options->force;
  if (io_nifti_is_name(path)) return write_nifti(maps, path, options, error);
  if (volume_is_table(path)) return volume_write_table(maps, path, force, error);
  if (ends_in(path, ".npy")) return write_npy(maps, path, force, error);
  if (ends_in(path, ".h5") || ends_in(path, ".hdf5")) return write_rows(maps, path, force, io_write_hdf5, error);
  if (!io_surface_is_name(path))
    return base_fail(error, BERG_EARGUMENT,
                     "%s: the ending says the format: .nii, .nii.gz, .npy, .h5, .csv, .tsv, .func.gii, .mgh or .mgz",
                     path);
  berg_status status = model_outside(&maps->labels.nan_outside, BERG_F32, options->volume, error);
  return status ? status : write_rows(maps, path, force, io_write_surface, error);
}

/* --- One output --- */

/* Volumes have a sidecar of their own. */
static berg_status begin_sidecar(cJSON **tree, const volume_maps *maps, const char *path,
                                 const berg_output_options *options, berg_error *error) {
  *tree = NULL;
  if (io_nifti_is_name(path) || !options->sidecar) return BERG_OK;
  berg_status status = model_sidecar_check(path, options, error);
  if (!status) status = volume_begin_sidecar(tree, "A number for each column of responses", options, NULL, error);
  if (!status) status = model_provenance_add(*tree, "metadata", berg_metadata_path(maps->metadata), error);
  cJSON *list = io_json_add_list(*tree, "Maps");
  for (size_t m = 0; m < maps->count && maps->names; m++)
    io_json_add(list, NULL, model_provenance_text(maps->names[m]));
  return status;
}

static berg_status write_output(volume_maps *maps, size_t output, const char *path, const berg_output_options *options,
                                berg_error *error) {
  io_surface surface;
  cJSON *tree = NULL;
  take_axes(maps, berg_metadata_output(maps->metadata, output));
  maps->labels.row_names = maps->names;
  maps->labels.values = "maps";
  maps->labels.row = "map";
  maps->labels.what = "a number for each";
  berg_status status = take_places(maps, &surface, output, error);
  if (maps->coordinates) maps->axes[0].coordinates = maps->coordinates;
  if (!status) status = begin_sidecar(&tree, maps, path, options, error);
  io_whole_file *sidecar = NULL;
  if (!status && tree) status = volume_prepare_sidecar(&sidecar, tree, path, options, error);
  if (!status) status = write_by_ending(maps, path, options, error);
  status = io_whole_file_follow(sidecar, status, error);
  cJSON_Delete(tree);
  base_free(maps->coordinates);
  maps->coordinates = NULL;
  return status;
}

/* --- All of them --- */

static size_t columns_of(const berg_metadata *metadata) {
  size_t columns = 0;
  for (size_t o = 0; o < berg_metadata_outputs(metadata); o++) columns += berg_metadata_output(metadata, o)->columns;
  return columns;
}

static berg_status check_values(const berg_array *values, size_t columns, berg_error *error) {
  char expected[96], found[128];
  if (base_is_numeric(values->dtype) && (values->ndim == 1 || values->ndim == 2) &&
      values->shape[values->ndim - 1] == columns)
    return BERG_OK;
  base_print(expected, sizeof expected, "%zu of them, or rows of so many", columns);
  base_array_describe(values, found, sizeof found);
  return base_fail_at(
      error, &(base_fault){BERG_EARGUMENT, NULL, BERG_NO_OFFSET, "values", "do not fit the subject", expected, found});
}

static char *path_of(const char *path, const char *output, berg_error *error) {
  const char *end = model_ending_of(path);
  return base_format(error, "%.*s%s%s%s", (int)(end - path), path, *output ? "_" : "", output, end);
}

static volume_maps maps_of(const berg_metadata *metadata, const char *const *names, const berg_array *values,
                           const berg_output *output) {
  volume_maps maps = {.metadata = metadata, .names = names, .values = *values, .single = values->ndim == 1};
  berg_array *own = &maps.values;
  if (maps.single) {
    own->shape[1] = own->shape[0];
    own->strides[1] = own->strides[0];
    own->shape[0] = 1;
    own->strides[0] = 0;
    own->ndim = 2;
  }
  maps.count = own->shape[0];
  own->data = (const char *)own->data + (ptrdiff_t)output->first * own->strides[1];
  own->shape[1] = output->columns;
  return maps;
}

berg_status berg_maps_to_file(const berg_metadata *metadata, const char *const *names, const berg_array *values,
                              const char *path, const berg_output_options *given, berg_error *error) {
  model_output_options own;
  berg_status status = model_output_options_take(&own, given, error);
  if (!status) status = check_values(values, columns_of(metadata), error);
  for (size_t o = 0; o < berg_metadata_outputs(metadata) && !status; o++) {
    const berg_output *output = berg_metadata_output(metadata, o);
    volume_maps maps = maps_of(metadata, names, values, output);
    char *file = path_of(path, output->name, error);
    if (!file) status = BERG_ELIMIT;
    if (!status) status = io_check_output(file, own.output.force, error);
    if (!status) status = write_output(&maps, o, file, &own.output, error);
    base_free(file);
  }
  return status;
}
