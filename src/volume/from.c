/* NIfTI to values of voxels. */
#include <string.h>

#include "base/array.h"
#include "base/memory.h"
#include "base/progress.h"
#include "io/container/npy.h"
#include "io/file/whole_file.h"
#include "model/output/options.h"
#include "volume/volume.h"

#define HEADER_MAX 256

static berg_status check_grid(const volume_voxels *voxels, const size_t dims[3], const char *name, berg_error *error) {
  for (size_t c = 0; c < voxels->count; c++)
    for (size_t d = 0; d < 3; d++) {
      int64_t at = voxels->own[3 * c + d];
      if (at < 0 || (uint64_t)at >= dims[d])
        return base_fail(
            error, BERG_EMODEL,
            "%s: does not fit the subject: the voxel of column %zu has coordinate %c = %lld, outside 0..%zu", name, c,
            "xyz"[d], (long long)at, dims[d] - 1);
    }
  return BERG_OK;
}

static berg_status put_rows(io_nifti *nifti, const volume_voxels *voxels, io_whole_file *file, const berg_run *run,
                            berg_error *error) {
  const io_nifti_about *about = io_nifti_describe(nifti);
  const size_t nx = about->space.dims[0], ny = about->space.dims[1], size = base_dtype_size(about->dtype);
  uint8_t *volume = base_alloc(nx * ny * about->space.dims[2], sizeof(double), error);
  uint8_t *row = volume ? base_alloc(voxels->count, size, error) : NULL;
  berg_status status = row ? BERG_OK : BERG_ELIMIT;
  for (size_t r = 0; r < about->volumes && !status; r++) {
    status = base_ask_cancel(run, error);
    if (!status) status = io_nifti_read(nifti, r, 1, volume, error);
    for (size_t c = 0; c < voxels->count && !status; c++) {
      const int64_t *at = voxels->own + 3 * c;
      memcpy(row + c * size, volume + size * ((size_t)at[0] + nx * ((size_t)at[1] + ny * (size_t)at[2])), size);
    }
    if (!status) status = io_whole_file_write(file, row, voxels->count * size, error);
  }
  base_free(row);
  base_free(volume);
  return status;
}

static berg_status write_npy(io_nifti *nifti, const volume_voxels *voxels, const char *path,
                             const berg_output_options *options, berg_error *error) {
  const io_nifti_about *about = io_nifti_describe(nifti);
  const size_t shape[2] = {about->volumes, voxels->count}, size = base_dtype_size(about->dtype);
  const bool rows = about->ndim == 4;
  uint8_t header[HEADER_MAX];
  size_t length = io_npy_write_header(header, sizeof header, about->dtype, size, shape + !rows, rows ? 2 : 1);
  io_whole_file *file;
  berg_status status = io_whole_file_open(&file, path, options->force, error);
  if (status) return status;
  status = io_whole_file_write(file, header, length, error);
  if (!status) status = put_rows(nifti, voxels, file, options->run, error);
  if (!status) return io_whole_file_commit(file, error);
  io_whole_file_abandon(file, error);
  return status;
}

berg_status berg_nifti_to_values(const berg_array *coordinates, const char *volume, const size_t *voxels, size_t count,
                                 const char *path, const berg_output_options *given, berg_error *error) {
  model_output_options own;
  const berg_output_options *options = &own.output;
  const size_t length = strlen(path);
  volume_voxels places;
  io_nifti *nifti = NULL;
  berg_status status = model_output_options_take(&own, given, error);
  if (status) return status;
  if (length < 5 || strcmp(path + length - 4, ".npy"))
    return base_fail(error, BERG_EARGUMENT, "%s: expected a name that ends in .npy", path);
  status = model_sidecar_check(path, options, error);
  if (!status) status = volume_voxels_make(&places, coordinates, voxels, count, error);
  if (status) return status;
  status = io_nifti_open(&nifti, volume, error);
  if (!status) status = check_grid(&places, io_nifti_describe(nifti)->space.dims, volume, error);
  cJSON *tree = NULL;
  if (!status) status = volume_begin_sidecar(&tree, "Values of voxels, taken from a volume", options, NULL, error);
  if (!status && tree) status = model_provenance_add(tree, "volume", volume, error);
  io_whole_file *sidecar = NULL;
  if (!status) status = volume_prepare_sidecar(&sidecar, tree, path, options, error);
  if (!status) status = write_npy(nifti, &places, path, options, error);
  io_nifti_free(nifti);
  status = io_whole_file_follow(sidecar, status, error);
  cJSON_Delete(tree);
  volume_voxels_release(&places);
  return status;
}
