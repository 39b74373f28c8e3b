/* The comparison by region. */
#include "compare/rois.h"

#include <stdio.h>
#include <string.h>

#include "base/convert.h"
#include "base/memory.h"
#include "io/container/container.h"
#include "io/value/json_build.h"

#define ROI_PREFIX "roi."

typedef struct mapping {
  const char *path;
  berg_file *file;
  const berg_array *coordinates; /* whole numbers [voxels][3] */
  size_t voxels, columns;
  const size_t *voxel;        /* [columns] of each column; NULL: the column itself */
  const compare_rows *volume; /* coordinates say which column a voxel is; NULL: not a volume */
  uint8_t *marked;            /* [voxels] the ROI's */
  uint8_t *mask;              /* [columns] the ROI's */
} mapping;

static int64_t integer_at(const berg_array *array, size_t row, size_t column) {
  ptrdiff_t step = array->ndim > 1 ? array->strides[1] : 0;
  return base_read_whole(array->dtype,
                         (const char *)array->data + (ptrdiff_t)row * array->strides[0] + (ptrdiff_t)column * step);
}

static berg_status open_metadata(mapping *map, berg_error *error) {
  berg_status status = berg_file_open(&map->file, map->path, error);
  if (!status) status = io_container_gather(map->file, error);
  if (status) return status;
  map->coordinates = berg_file_find(map->file, "fmri.voxel_coords");
  if (!map->coordinates || !base_is_whole(map->coordinates->dtype) || map->coordinates->ndim != 2 ||
      map->coordinates->shape[1] != 3)
    return base_fail_at(error, &(base_fault){BERG_EINPUT, map->path, BERG_NO_OFFSET, "fmri.voxel_coords",
                                             "not the metadata of a subject", "whole numbers (voxels, 3)", NULL});
  map->voxels = map->coordinates->shape[0];
  return BERG_OK;
}

static berg_status match_columns(mapping *map, const compare_rows *a, const compare_rows *b, berg_error *error) {
  map->columns = a->columns;
  map->volume = a->nifti ? a : b->nifti ? b : NULL;
  map->voxel = a->voxels ? a->voxels : b->voxels;
  if (map->volume || map->voxel || map->columns == map->voxels) return BERG_OK;
  return base_fail_found(error, BERG_EINPUT, map->path, "another number of voxels than columns, and no voxel_index",
                         "an .h5 of berg encode, a volume, or all voxels", "%zu voxels, %zu columns", map->voxels,
                         map->columns);
}

/* The column of a voxel in a volume; SIZE_MAX: outside. */
static size_t column_in_volume(const mapping *map, size_t voxel) {
  size_t column = 0;
  for (size_t d = 3; d-- > 0;) {
    size_t side = map->volume->about.shape[3 - d];
    int64_t at = integer_at(map->coordinates, voxel, d);
    if (at < 0 || (uint64_t)at >= side) return SIZE_MAX;
    column = column * side + (size_t)at;
  }
  return column;
}

static berg_status mark(mapping *map, const berg_array *roi, berg_error *error) {
  memset(map->marked, 0, map->voxels);
  memset(map->mask, 0, map->columns);
  for (size_t i = 0; i < roi->shape[0]; i++) {
    int64_t voxel = integer_at(roi, i, 0);
    size_t column = 0;
    if (voxel >= 0 && (uint64_t)voxel < map->voxels) column = map->volume ? column_in_volume(map, (size_t)voxel) : 0;
    if (voxel < 0 || (uint64_t)voxel >= map->voxels || column == SIZE_MAX)
      return base_fail_found(error, BERG_EINPUT, map->path, roi->name, "voxels of this subject, inside the volume",
                             "%lld", (long long)voxel);
    map->marked[voxel] = 1;
    if (map->volume) map->mask[column] = 1;
  }
  for (size_t c = 0; c < map->columns && !map->volume; c++) {
    size_t voxel = map->voxel ? map->voxel[c] : c;
    map->mask[c] = voxel < map->voxels && map->marked[voxel];
  }
  return BERG_OK;
}

static berg_status add_roi(cJSON *list, mapping *map, const compare_moments *moments, const berg_array *roi,
                           berg_error *error) {
  compare_summary summary;
  berg_status status = mark(map, roi, error);
  if (!status) status = compare_summary_make(&summary, moments, map->mask, error);
  /* cppcheck-suppress uninitStructMember ; made, or the status is a failure */
  if (status || !summary.columns) return status; /* a region that was not selected is left out */
  cJSON *item = io_json_add_object(list, NULL);
  io_json_add_text(item, "roi", roi->name + strlen(ROI_PREFIX));
  io_json_add_number(item, "columns", (double)summary.columns);
  compare_json_number(item, "correlation_mean", summary.correlations.mean);
  compare_json_number(item, "correlation_median", summary.correlations.median);
  compare_json_number(item, "correlation_least", summary.correlations.least);
  compare_json_number(item, "rms_difference", summary.rms);
  compare_json_number(item, "relative_rms_median", summary.relative_rms.median);
  compare_json_number(item, "largest_difference", summary.largest);
  return BERG_OK;
}

berg_status compare_json_rois(cJSON *to, const compare_moments *moments, const compare_rows *a, const compare_rows *b,
                              const char *metadata, berg_error *error) {
  mapping map = {.path = metadata};
  berg_status status = open_metadata(&map, error);
  if (!status) status = match_columns(&map, a, b, error);
  if (!status) {
    map.marked = base_alloc(map.voxels, 1, error);
    map.mask = base_alloc(map.columns, 1, error);
    if (!map.marked || !map.mask) status = BERG_ELIMIT;
  }
  cJSON *list = status ? NULL : io_json_add_list(to, "rois");
  for (size_t i = 0; !status && i < berg_file_count(map.file); i++) {
    const berg_array *entry = berg_file_entry(map.file, i);
    if (!strncmp(entry->name, ROI_PREFIX, strlen(ROI_PREFIX)) && base_is_whole(entry->dtype) && entry->ndim == 1)
      status = add_roi(list, &map, moments, entry, error);
  }
  berg_file_free(map.file);
  base_free(map.marked);
  base_free(map.mask);
  return status;
}
