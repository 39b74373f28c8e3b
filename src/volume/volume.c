/* What writing and reading volumes share. */
#include "volume/volume.h"

#include <string.h>

#include "base/memory.h"
#include "io/file/whole_file.h"
#include "model/catalog/space.h"

berg_status volume_voxels_make(volume_voxels *voxels, const berg_array *coordinates, const size_t *indices,
                               size_t count, berg_error *error) {
  memset(voxels, 0, sizeof *voxels);
  if (!coordinates) return base_fail(error, BERG_EARGUMENT, "a volume needs the coordinates of its voxels");
  berg_status status = model_coordinates(coordinates, &voxels->all, &voxels->all_count, voxels->volume, error);
  if (status) return status;
  voxels->own = voxels->all;
  voxels->count = voxels->all_count;
  if (!indices) return BERG_OK;
  voxels->count = count;
  voxels->own = base_alloc(count, 3 * sizeof *voxels->own, error);
  if (!voxels->own) status = BERG_ELIMIT;
  for (size_t i = 0; i < count && !status; i++) {
    if (indices[i] < voxels->all_count)
      memcpy(voxels->own + 3 * i, voxels->all + 3 * indices[i], 3 * sizeof *voxels->own);
    else
      status = base_fail(error, BERG_EARGUMENT, "column %zu is of voxel %zu, but the subject has %zu, from 0", i,
                         indices[i], voxels->all_count);
  }
  if (status) volume_voxels_release(voxels);
  return status;
}

void volume_voxels_release(volume_voxels *voxels) {
  if (voxels->own != voxels->all) base_free(voxels->own);
  base_free(voxels->all);
  memset(voxels, 0, sizeof *voxels);
}

berg_status volume_check_output(const char *path, const berg_output_options *options, berg_error *error) {
  if (!io_nifti_is_name(path))
    return base_fail(error, BERG_EARGUMENT, "%s: expected a name that ends in .nii or .nii.gz", path);
  berg_status status = io_check_output(path, options->force, error);
  return status ? status : model_sidecar_check(path, options, error);
}

berg_status volume_begin_sidecar(cJSON **tree, const char *description, const berg_output_options *options,
                                 const io_nifti_space *space, berg_error *error) {
  *tree = NULL;
  if (!options->sidecar) return BERG_OK;
  berg_status status = model_provenance(tree, description, options, error);
  if (!status && space) status = model_provenance_space(*tree, space, options->volume, error);
  return status;
}

berg_status volume_prepare_sidecar(io_whole_file **sidecar, const cJSON *tree, const char *path,
                                   const berg_output_options *options, berg_error *error) {
  *sidecar = NULL;
  return options->sidecar ? model_sidecar_prepare(sidecar, path, tree, options->force, error) : BERG_OK;
}
