/* Grid and affine of a subject's voxels, from a brain mask or an affine. */
#include "model/catalog/space.h"

#include <math.h>
#include <string.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/text.h"

void(berg_volume_options_init)(berg_volume_options *options, size_t size) {
  const berg_volume_options defaults = {0};
  base_options_init(options, size, &defaults, sizeof defaults);
}

static int64_t read_coordinate(const berg_array *array, size_t voxel, size_t d) {
  return base_read_whole(array->dtype, (const char *)array->data + (ptrdiff_t)voxel * array->strides[0] +
                                           (ptrdiff_t)d * array->strides[1]);
}

static berg_status check_coordinates(const berg_array *array, berg_error *error) {
  if (base_is_whole(array->dtype) && array->ndim == 2 && array->shape[1] == 3 && array->shape[0]) return BERG_OK;
  char found[128];
  base_array_describe(array, found, sizeof found);
  return base_fail_at(error, &(base_fault){BERG_EMODEL, NULL, BERG_NO_OFFSET, "voxel coordinates", "cannot be used",
                                           "whole numbers (voxels, 3)", found});
}

berg_status model_coordinates(const berg_array *array, int64_t **coordinates, size_t *count, size_t volume[3],
                              berg_error *error) {
  *coordinates = NULL;
  berg_status status = check_coordinates(array, error);
  if (status) return status;
  int64_t *own = base_alloc(array->shape[0], 3 * sizeof *own, error);
  if (!own) return BERG_ELIMIT;
  memset(volume, 0, 3 * sizeof *volume);
  for (size_t v = 0; v < array->shape[0]; v++)
    for (size_t d = 0; d < 3; d++) {
      int64_t at = own[3 * v + d] = read_coordinate(array, v, d);
      if (at >= 0 && (uint64_t)at >= volume[d]) volume[d] = (size_t)at + 1;
    }
  *coordinates = own;
  *count = array->shape[0];
  return BERG_OK;
}

berg_status model_coordinates_of(const berg_array *array, const size_t *voxels, size_t count, int64_t *coordinates,
                                 berg_error *error) {
  berg_status status = check_coordinates(array, error);
  for (size_t i = 0; i < count && !status; i++)
    for (size_t d = 0; d < 3; d++) coordinates[3 * i + d] = read_coordinate(array, voxels[i], d);
  return status;
}

static size_t place(const io_nifti_space *space, const int64_t *at) {
  return (size_t)at[0] + space->dims[0] * ((size_t)at[1] + space->dims[1] * (size_t)at[2]);
}

static berg_status does_not_fit(const char *like, size_t voxel, const int64_t *at, const char *why, berg_error *error) {
  return base_fail(error, BERG_EMODEL, "%s: does not fit the subject: voxel %zu at (%lld, %lld, %lld) %s", like, voxel,
                   (long long)at[0], (long long)at[1], (long long)at[2], why);
}

static berg_status check_grid(const io_nifti_space *space, const int64_t *coordinates, size_t voxels, const char *like,
                              berg_error *error) {
  char why[96];
  base_print(why, sizeof why, "is outside its grid of %zu x %zu x %zu", space->dims[0], space->dims[1], space->dims[2]);
  for (size_t v = 0; v < voxels; v++)
    for (size_t d = 0; d < 3; d++)
      if ((uint64_t)coordinates[3 * v + d] >= space->dims[d])
        return does_not_fit(like, v, coordinates + 3 * v, why, error);
  return BERG_OK;
}

/* The voxels of the mask in C order of the grid, x slowest, are to be the subject's: the first that is not is named. */
static berg_status check_order(const io_nifti_space *space, const uint8_t *mask, const int64_t *coordinates,
                               const char *like, berg_error *error) {
  size_t v = 0;
  for (int64_t x = 0; x < (int64_t)space->dims[0]; x++)
    for (int64_t y = 0; y < (int64_t)space->dims[1]; y++)
      for (int64_t z = 0; z < (int64_t)space->dims[2]; z++) {
        const int64_t here[3] = {x, y, z}, *at = coordinates + 3 * v;
        if (!mask[place(space, here)]) continue;
        if (memcmp(here, at, sizeof here)) {
          char why[96];
          base_print(why, sizeof why, "is (%lld, %lld, %lld) in the mask", (long long)x, (long long)y, (long long)z);
          return does_not_fit(like, v, at, why, error);
        }
        v++;
      }
  return BERG_OK;
}

static berg_status check_mask(const io_nifti_space *space, uint8_t *mask, size_t count, const int64_t *coordinates,
                              size_t voxels, const char *like, berg_error *error) {
  if (count == voxels) return check_order(space, mask, coordinates, like, error);
  size_t within = 0;
  for (size_t v = 0; v < voxels; v++) {
    uint8_t *inside = &mask[place(space, coordinates + 3 * v)];
    if (!*inside && count > voxels) return does_not_fit(like, v, coordinates + 3 * v, "is outside the mask", error);
    within += *inside == 1;
    if (*inside) *inside = 2; /* a voxel listed twice counts once */
  }
  if (count > voxels || within == count) return BERG_OK;
  return base_fail(error, BERG_EMODEL,
                   "%s: does not fit the subject: %zu of the %zu voxels of this mask are not among its own", like,
                   count - within, count);
}

/* 1 where an element is not 0; false where more than one value other than 0 occurs, or none. */
static bool make_mask(const uint8_t *values, berg_dtype dtype, size_t count, uint8_t *mask, size_t *inside) {
  const size_t size = base_dtype_size(dtype);
  double only = 0;
  *inside = 0;
  for (size_t i = 0; i < count; i++) {
    double value = base_read_number(dtype, values + i * size);
    mask[i] = value != 0;
    if (!mask[i]) continue;
    if (!(*inside)++) only = value;
    if (value != only) return false;
  }
  return *inside > 0;
}

static berg_status take_like(io_nifti_space *space, const int64_t *coordinates, size_t voxels, const char *like,
                             berg_error *error) {
  io_nifti *nifti;
  berg_status status = io_nifti_open(&nifti, like, error);
  if (status) return status;
  const io_nifti_about *about = io_nifti_describe(nifti);
  const size_t count = about->space.dims[0] * about->space.dims[1] * about->space.dims[2];
  *space = about->space;
  status = io_nifti_space_check(space, like, error);
  if (!status) status = check_grid(space, coordinates, voxels, like, error);
  uint8_t *values = status ? NULL : base_alloc(count, sizeof(double), error);
  uint8_t *mask = values ? base_alloc(count, 1, error) : NULL;
  if (!status && !mask) status = BERG_ELIMIT;
  if (!status) status = io_nifti_read(nifti, 0, 1, values, error);
  size_t inside;
  if (!status && about->volumes == 1 && make_mask(values, about->dtype, count, mask, &inside))
    status = check_mask(space, mask, inside, coordinates, voxels, like, error);
  base_free(mask);
  base_free(values);
  io_nifti_free(nifti);
  return status;
}

static berg_status one_volume(const io_nifti_about *about, const char *path, berg_error *error) {
  if (about->volumes == 1) return BERG_OK;
  return base_fail_found(error, BERG_EINPUT, path, "not a mask", "one volume", "%zu", about->volumes);
}

static berg_status take_inside(const io_nifti_about *about, const uint8_t *values, const int64_t *coordinates,
                               size_t voxels, uint8_t *inside, const char *path, berg_error *error) {
  const size_t size = base_dtype_size(about->dtype);
  size_t count = 0;
  for (size_t v = 0; v < voxels; v++) {
    const double value = base_read_number(about->dtype, values + place(&about->space, coordinates + 3 * v) * size);
    inside[v] = value != 0 && !isnan(value);
    count += inside[v];
  }
  if (count) return BERG_OK;
  return base_fail(error, BERG_EMODEL, "%s: does not fit the subject: none of its %zu voxels lies in this mask", path,
                   voxels);
}

berg_status model_mask_read(const char *path, const int64_t *coordinates, size_t voxels, uint8_t *inside,
                            berg_error *error) {
  io_nifti *nifti;
  berg_status status = io_nifti_open(&nifti, path, error);
  if (status) return status;
  const io_nifti_about *about = io_nifti_describe(nifti);
  status = one_volume(about, path, error);
  if (!status) status = check_grid(&about->space, coordinates, voxels, path, error);
  const size_t count = about->space.dims[0] * about->space.dims[1] * about->space.dims[2];
  uint8_t *values = status ? NULL : base_alloc(count, sizeof(double), error);
  if (!status && !values) status = BERG_ELIMIT;
  if (!status) status = io_nifti_read(nifti, 0, 1, values, error);
  if (!status) status = take_inside(about, values, coordinates, voxels, inside, path, error);
  base_free(values);
  io_nifti_free(nifti);
  return status;
}

berg_status model_space(io_nifti_space *space, const int64_t *coordinates, size_t voxels, const size_t volume[3],
                        const berg_volume_options *options, berg_error *error) {
  if (options && options->like && options->affine)
    return base_fail(error, BERG_EARGUMENT,
                     "a volume takes its space from another file or from an affine, not from both");
  if (options && options->like) return take_like(space, coordinates, voxels, options->like, error);
  if (options && options->affine) return io_nifti_space_affine(space, volume, options->affine, error);
  io_nifti_space_unknown(space, volume);
  return BERG_OK;
}

berg_status model_outside(bool *nan_outside, berg_dtype dtype, const berg_volume_options *options, berg_error *error) {
  const char *outside = options ? options->outside : NULL;
  const bool real = dtype == BERG_F32 || dtype == BERG_F64;
  *nan_outside = real && (!outside || !strcmp(outside, "nan"));
  if (!outside || !strcmp(outside, "0") || (real && *nan_outside)) return BERG_OK;
  if (!strcmp(outside, "nan"))
    return base_fail(error, BERG_EARGUMENT, "outside: %s has no NaN: expected 0", berg_dtype_name(dtype));
  return base_fail(error, BERG_EARGUMENT, "outside: expected nan or 0, found \"%s\"", outside);
}
