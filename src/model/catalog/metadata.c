/* A subject's metadata: entries, voxels, regions. */
#include "model/catalog/metadata.h"

#include <string.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/memory.h"
#include "model/catalog/paths.h"

#define ROI_PREFIX "roi."

struct berg_metadata {
  berg_file *file;
  char *path;
  size_t voxels;
};

static berg_status fail(const char *path, const char *item, const char *what, const char *expected, const char *found,
                        berg_error *error) {
  return base_fail_at(error, &(base_fault){BERG_EMODEL, path, BERG_NO_OFFSET, item, what, expected, found});
}

/* The number of voxels is the file's own: each subject has another one. */
static berg_status count_voxels(berg_metadata *metadata, berg_error *error) {
  const char *const name = "fmri.voxel_coords";
  const berg_array *coordinates = berg_file_find(metadata->file, name);
  if (!coordinates)
    return fail(metadata->path, name, "entry missing", "int64 (voxels, 3)", "no entry of this name", error);
  char found[128];
  base_array_describe(coordinates, found, sizeof found);
  if (coordinates->dtype != BERG_I64 || coordinates->ndim != 2 || coordinates->shape[1] != 3 || !coordinates->shape[0])
    return fail(metadata->path, name, "not voxel coordinates", "int64 (voxels, 3)", found, error);
  metadata->voxels = coordinates->shape[0];
  return BERG_OK;
}

berg_status berg_metadata_open(berg_metadata **out, const char *model_id, const char *berg_dir, int subject,
                               berg_error *error) {
  *out = NULL;
  berg_status status = model_check_id(model_id, error);
  if (status) return status;
  berg_metadata *metadata = base_calloc(1, sizeof *metadata, error);
  if (!metadata) return BERG_ELIMIT;
  status = model_path_metadata(&metadata->path, berg_dir, subject, error);
  if (!status) status = model_blame(berg_file_open(&metadata->file, metadata->path, error), error);
  if (!status) status = count_voxels(metadata, error);
  if (status) {
    berg_metadata_free(metadata);
    return status;
  }
  *out = metadata;
  return BERG_OK;
}

void berg_metadata_free(berg_metadata *metadata) {
  if (!metadata) return;
  berg_file_free(metadata->file);
  base_free(metadata->path);
  base_free(metadata);
}

const char *berg_metadata_path(const berg_metadata *metadata) { return metadata->path; }
size_t berg_metadata_voxels(const berg_metadata *metadata) { return metadata->voxels; }
size_t berg_metadata_count(const berg_metadata *metadata) { return berg_file_count(metadata->file); }
const berg_array *berg_metadata_entry(const berg_metadata *metadata, size_t index) {
  return berg_file_entry(metadata->file, index);
}
const berg_array *berg_metadata_find(const berg_metadata *metadata, const char *name) {
  return berg_file_find(metadata->file, name);
}

const char *model_roi_name(const berg_metadata *metadata, size_t index) {
  const size_t prefix = strlen(ROI_PREFIX);
  for (size_t i = 0; i < berg_metadata_count(metadata); i++) {
    const char *name = berg_metadata_entry(metadata, i)->name;
    if (name && !strncmp(name, ROI_PREFIX, prefix) && index-- == 0) return name + prefix;
  }
  return NULL;
}

berg_status model_roi_voxels(const berg_metadata *metadata, const char *roi, size_t **voxels, size_t *count,
                             berg_error *error) {
  *voxels = NULL;
  *count = 0;
  char *name = base_format(error, ROI_PREFIX "%s", roi);
  if (!name) return BERG_ELIMIT;
  const berg_array *indices = berg_metadata_find(metadata, name);
  base_free(name);
  if (!indices)
    return base_fail_at(error,
                        &(base_fault){BERG_EPARAMETER, metadata->path, BERG_NO_OFFSET, roi,
                                      "this subject has no such ROI", "one of the metadata's ROIs, such as V1", roi});
  if (indices->dtype != BERG_I64 || indices->ndim != 1) {
    char found[128];
    base_array_describe(indices, found, sizeof found);
    return fail(metadata->path, indices->name, "not voxel indices", "int64 (n,)", found, error);
  }
  if (!indices->shape[0])
    return base_fail_at(error, &(base_fault){BERG_EPARAMETER, metadata->path, BERG_NO_OFFSET, roi,
                                             "this ROI has no voxels in this subject", NULL, NULL});
  size_t *list = base_alloc(indices->shape[0], sizeof *list, error);
  if (!list) return BERG_ELIMIT;
  for (size_t i = 0; i < indices->shape[0]; i++) {
    int64_t index;
    memcpy(&index, (const char *)indices->data + (ptrdiff_t)i * indices->strides[0], sizeof index);
    if (index < 0 || (uint64_t)index >= metadata->voxels) {
      base_free(list);
      return base_fail_found(error, BERG_EMODEL, metadata->path, indices->name, "indices below the number of voxels",
                             "%lld", (long long)index);
    }
    list[i] = (size_t)index;
  }
  *voxels = list;
  *count = indices->shape[0];
  return BERG_OK;
}

berg_status model_voxel_values(const berg_metadata *metadata, const char *name, double **values, berg_error *error) {
  *values = NULL;
  const berg_array *array = berg_metadata_find(metadata, name);
  if (!array) return fail(metadata->path, name, "entry missing", "one number a voxel", "no entry of this name", error);
  if (!base_is_numeric(array->dtype) || array->ndim != 1 || array->shape[0] != metadata->voxels) {
    char found[128];
    base_array_describe(array, found, sizeof found);
    return fail(metadata->path, name, "does not fit the voxels", "one number a voxel", found, error);
  }
  double *list = base_alloc(metadata->voxels, sizeof *list, error);
  if (!list) return BERG_ELIMIT;
  base_convert_to_double(array, list);
  *values = list;
  return BERG_OK;
}
