/* Types, names and spaces of NIfTI-1. */
#include <math.h>
#include <nifti1_io.h>
#include <string.h>

#include "base/text.h"
#include "io/nifti/nifti.h"

static const struct {
  berg_dtype dtype;
  int code;
} codes[] = {{BERG_U8, DT_UINT8},    {BERG_I8, DT_INT8},    {BERG_U16, DT_UINT16}, {BERG_I16, DT_INT16},
             {BERG_U32, DT_UINT32},  {BERG_I32, DT_INT32},  {BERG_U64, DT_UINT64}, {BERG_I64, DT_INT64},
             {BERG_F32, DT_FLOAT32}, {BERG_F64, DT_FLOAT64}};

#define CODES (sizeof codes / sizeof *codes)

int io_nifti_code(berg_dtype dtype) {
  for (size_t i = 0; i < CODES; i++)
    if (codes[i].dtype == dtype) return codes[i].code;
  return 0;
}

bool io_nifti_dtype(int code, berg_dtype *dtype) {
  for (size_t i = 0; i < CODES; i++) {
    if (codes[i].code != code) continue;
    *dtype = codes[i].dtype;
    return true;
  }
  return false;
}

bool io_nifti_is_name(const char *path) {
  static const char *const endings[] = {".nii", ".nii.gz"};
  const size_t length = strlen(path);
  for (int i = 0; i < 2; i++) {
    size_t ending = strlen(endings[i]);
    if (length > ending && path[length - ending - 1] != '/' && base_same_word(path + length - ending, endings[i]))
      return true;
  }
  return false;
}

void io_nifti_space_unknown(io_nifti_space *space, const size_t dims[3]) {
  *space = (io_nifti_space){.pixdim = {1, 1, 1, 1}};
  memcpy(space->dims, dims, sizeof space->dims);
}

static double determinant(const double *a) {
  return a[0] * (a[5] * a[10] - a[6] * a[9]) - a[1] * (a[4] * a[10] - a[6] * a[8]) + a[2] * (a[4] * a[9] - a[5] * a[8]);
}

berg_status io_nifti_space_affine(io_nifti_space *space, const size_t dims[3], const double *affine,
                                  berg_error *error) {
  static const double last[4] = {0, 0, 0, 1};
  io_nifti_space_unknown(space, dims);
  for (int i = 0; i < 16; i++)
    if (!isfinite(affine[i]) || fabs(affine[i]) > 1e30)
      return base_fail(error, BERG_EARGUMENT, "affine: row %d, column %d is not a usable number: %g", i / 4, i % 4,
                       affine[i]);
  for (int i = 0; i < 4; i++)
    if (affine[12 + i] != last[i])
      return base_fail(error, BERG_EARGUMENT, "affine: the last row is to be 0 0 0 1, found %g %g %g %g", affine[12],
                       affine[13], affine[14], affine[15]);
  if (!(fabs(determinant(affine)) > 1e-12))
    return base_fail(error, BERG_EARGUMENT, "affine: has no inverse: it takes different voxels to one place");
  for (int d = 0; d < 3; d++)
    space->pixdim[d + 1] =
        (float)sqrt(affine[d] * affine[d] + affine[4 + d] * affine[4 + d] + affine[8 + d] * affine[8 + d]);
  for (int i = 0; i < 12; i++) space->srow[i / 4][i % 4] = (float)affine[i];
  space->sform_code = NIFTI_XFORM_ALIGNED_ANAT;
  space->units = NIFTI_UNITS_MM;
  return BERG_OK;
}

berg_status io_nifti_space_check(const io_nifti_space *space, const char *path, berg_error *error) {
  double affine[12];
  bool good = true;
  for (int i = 0; i < 12; i++) {
    affine[i] = (double)space->srow[i / 4][i % 4];
    good = good && isfinite(affine[i]);
  }
  if (space->sform_code > 0 && !(good && fabs(determinant(affine)) > 1e-12))
    return base_fail(error, BERG_EINPUT, "%s: its sform has no inverse: it takes different voxels to one place", path);
  for (int d = 1; d <= 3 && space->sform_code <= 0 && space->qform_code > 0; d++)
    if (!(fabs((double)space->pixdim[d]) > 0) || !isfinite(space->pixdim[d]))
      return base_fail(error, BERG_EINPUT, "%s: its qform has voxels without a size: pixdim[%d] is %g", path, d,
                       (double)space->pixdim[d]);
  return BERG_OK;
}

bool io_nifti_space_is_known(const io_nifti_space *space) { return space->qform_code > 0 || space->sform_code > 0; }
