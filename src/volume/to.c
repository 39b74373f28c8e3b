/* Values of voxels to NIfTI. */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/text.h"
#include "io/value/json_build.h"
#include "model/catalog/space.h"
#include "model/output/options.h"
#include "volume/volume.h"

typedef struct source {
  const berg_array *values;
  berg_dtype dtype;    /* of the volume */
  size_t count;        /* columns */
  const size_t *twins; /* [count] the first column of the same voxel */
  const berg_run *run;
} source;

/* Types that NIfTI lacks become the next one that holds the same numbers. */
static bool dtype_of_volume(berg_dtype values, berg_dtype *volume) {
  *volume = values == BERG_BOOL ? BERG_U8 : values == BERG_F16 || values == BERG_BF16 ? BERG_F32 : values;
  return io_nifti_code(*volume) != 0;
}

static berg_status check_values(const berg_array *values, size_t count, berg_dtype *dtype, berg_error *error) {
  char found[128], expected[96];
  base_array_describe(values, found, sizeof found);
  base_print(expected, sizeof expected, "%zu of them, one a voxel, or rows of so many", count);
  if (base_is_numeric(values->dtype) && (values->ndim == 1 || values->ndim == 2) &&
      values->shape[values->ndim - 1] == count && dtype_of_volume(values->dtype, dtype))
    return BERG_OK;
  return base_fail_at(
      error, &(base_fault){BERG_EARGUMENT, NULL, BERG_NO_OFFSET, "values", "do not fit the voxels", expected, found});
}

static berg_status read_row(void *user, size_t row, void *values, berg_error *error) {
  const source *from = user;
  const berg_array *array = from->values;
  const size_t size = base_dtype_size(from->dtype), last = array->ndim - 1;
  const char *at = (const char *)array->data + (array->ndim == 2 ? (ptrdiff_t)row * array->strides[0] : 0);
  char *to = values;
  berg_status status = base_ask_cancel(from->run, error);
  if (status) return status;
  for (size_t c = 0; c < from->count; c++, at += array->strides[last]) {
    if (array->dtype == BERG_BOOL) {
      to[c] = *at != 0;
    } else if (array->dtype == from->dtype) {
      memcpy(to + c * size, at, size);
    } else {
      float value = (float)base_read_number(array->dtype, at);
      memcpy(to + c * size, &value, size);
    }
    if (from->twins[c] != c && memcmp(to + c * size, to + from->twins[c] * size, size))
      return base_fail(error, BERG_EARGUMENT,
                       "values: columns %zu and %zu are of the same voxel, but differ in row %zu", from->twins[c], c,
                       row);
  }
  return BERG_OK;
}

typedef struct placed {
  const int64_t *at;
  size_t column;
} placed;

static int by_place(const void *a, const void *b) {
  const placed *x = a, *y = b;
  for (int d = 0; d < 3; d++)
    if (x->at[d] != y->at[d]) return x->at[d] < y->at[d] ? -1 : 1;
  return (x->column > y->column) - (x->column < y->column);
}

/* Columns of the same voxel: a selection by ROIs repeats the voxels of their overlap. base_free. */
static size_t *find_twins(const volume_voxels *voxels, berg_error *error) {
  placed *sorted = base_alloc(voxels->count, sizeof *sorted, error);
  size_t *twins = sorted ? base_alloc(voxels->count, sizeof *twins, error) : NULL;
  for (size_t c = 0; twins && c < voxels->count; c++) sorted[c] = (placed){voxels->own + 3 * c, c};
  if (twins && voxels->count) qsort(sorted, voxels->count, sizeof *sorted, by_place);
  for (size_t i = 0; twins && i < voxels->count; i++) {
    bool same = i && !memcmp(sorted[i].at, sorted[i - 1].at, 3 * sizeof *sorted[i].at);
    twins[sorted[i].column] = same ? twins[sorted[i - 1].column] : sorted[i].column;
  }
  base_free(sorted);
  return twins;
}

static berg_status write_volume(const volume_voxels *voxels, source *from, const char *path,
                                const berg_output_options *options, berg_error *error) {
  const berg_volume_options *volume = options->volume;
  const berg_array *values = from->values;
  io_nifti_rows rows = {.dtype = from->dtype,
                        .ndim = values->ndim + 2,
                        .rows = values->ndim == 2 ? values->shape[0] : 1,
                        .columns = voxels->count,
                        .coordinates = voxels->own,
                        .intent = "",
                        .what = "one value a voxel",
                        .read = read_row,
                        .user = from};
  berg_status status = model_space(&rows.space, voxels->all, voxels->all_count, voxels->volume, volume, error);
  if (!status) status = model_outside(&rows.nan_outside, rows.dtype, volume, error);
  cJSON *tree = NULL;
  if (!status) status = volume_begin_sidecar(&tree, "Values of voxels, each at its place", options, &rows.space, error);
  io_json_add_number(tree, "Voxels", (double)voxels->count);
  io_json_add_text(tree, "Outside", rows.nan_outside ? "nan" : "0");
  io_whole_file *sidecar = NULL;
  if (!status) status = volume_prepare_sidecar(&sidecar, tree, path, options, error);
  if (!status) status = io_nifti_write(&rows, path, options->force, error);
  status = io_whole_file_follow(sidecar, status, error);
  cJSON_Delete(tree);
  return status;
}

berg_status berg_values_to_nifti(const berg_array *coordinates, const berg_array *values, const size_t *voxels,
                                 size_t count, const char *path, const berg_output_options *given, berg_error *error) {
  model_output_options own;
  const berg_output_options *options = &own.output;
  volume_voxels places;
  source from = {.values = values};
  berg_status status = model_output_options_take(&own, given, error);
  if (!status) status = volume_check_output(path, options, error);
  if (!status) status = volume_voxels_make(&places, coordinates, voxels, count, error);
  if (status) return status;
  from.count = places.count;
  from.run = options->run;
  status = check_values(values, places.count, &from.dtype, error);
  size_t *twins = status ? NULL : find_twins(&places, error);
  from.twins = twins;
  if (!status && !twins) status = BERG_ELIMIT;
  if (!status) status = write_volume(&places, &from, path, options, error);
  base_free(twins);
  volume_voxels_release(&places);
  return status;
}
