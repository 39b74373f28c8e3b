/* Writes NIfTI-1:
 *
 *     NIfTI-1, one file: header (348 bytes) | 4 zero bytes (no extensions) | elements [row][z][y][x]
 *
 * Where the space is not known, qform and sform codes are 0 ("arbitrary coordinates"), and descrip says so: a viewer
 * shows voxel indices and invents no space. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <nifti1_io.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/nifti/nifti.h"
#include "io/file/whole_file.h"

#define HEADER_BYTES 352

berg_status io_nifti_check(const io_nifti_rows *rows, const char *path, const char *kept, berg_error *error) {
  const size_t dims[4] = {rows->space.dims[0], rows->space.dims[1], rows->space.dims[2], rows->rows};
  for (int d = 0; d < 4; d++)
    if (!dims[d] || dims[d] > INT16_MAX)
      return base_fail(
          error, BERG_EARGUMENT, "%s: %s %zu does not fit NIfTI-1, which holds 1 to 32767 in each dimension%s%s%s",
          path, d < 3 ? "a volume side of" : "a number of images of", dims[d],
          d < 3 || !kept ? "" : " (the rows stay in ", d < 3 || !kept ? "" : kept, d < 3 || !kept ? "" : ", a .npy)");
  if (dims[0] * dims[1] * dims[2] > IO_NIFTI_VOXELS_MAX)
    return base_fail(error, BERG_EMODEL, "%s: a volume of %zu x %zu x %zu voxels: expected at most %zu in all", path,
                     dims[0], dims[1], dims[2], IO_NIFTI_VOXELS_MAX);
  for (size_t c = 0; c < rows->columns; c++)
    for (int d = 0; d < 3; d++) {
      int64_t at = rows->coordinates[3 * c + (size_t)d];
      if (at < 0 || (uint64_t)at >= dims[d])
        return base_fail(error, BERG_EMODEL, "%s: the voxel of column %zu has coordinate %c = %lld, outside 0..%zu",
                         path, c, "xyz"[d], (long long)at, dims[d] - 1);
    }
  return BERG_OK;
}

static void put_space(nifti_1_header *header, const io_nifti_space *space) {
  header->qform_code = (short)space->qform_code;
  header->sform_code = (short)space->sform_code;
  memcpy(header->pixdim, space->pixdim, sizeof space->pixdim);
  header->quatern_b = space->quatern[0];
  header->quatern_c = space->quatern[1];
  header->quatern_d = space->quatern[2];
  header->qoffset_x = space->offset[0];
  header->qoffset_y = space->offset[1];
  header->qoffset_z = space->offset[2];
  memcpy(header->srow_x, space->srow[0], sizeof header->srow_x);
  memcpy(header->srow_y, space->srow[1], sizeof header->srow_y);
  memcpy(header->srow_z, space->srow[2], sizeof header->srow_z);
  header->xyzt_units = (char)space->units; /* rows are images, not times */
}

static berg_status fill_header(nifti_1_header *header, const io_nifti_rows *rows, berg_error *error) {
  const size_t *grid = rows->space.dims;
  const int dims[8] = {(int)rows->ndim, (int)grid[0], (int)grid[1], (int)grid[2], (int)rows->rows, 1, 1, 1};
  nifti_1_header *made = nifti_make_new_header(dims, io_nifti_code(rows->dtype));
  if (!made) return base_fail_memory(error, sizeof *header);
  *header = *made;
  free(made);
  header->vox_offset = HEADER_BYTES;
  header->scl_slope = 1;
  put_space(header, &rows->space);
  base_print(header->descrip, sizeof header->descrip, "libberg %s, %.24s%s", berg_version(), rows->what,
             io_nifti_space_is_known(&rows->space) ? "" : ", voxel indices (space unknown)");
  base_print(header->intent_name, sizeof header->intent_name, "%.15s", rows->intent);
  return BERG_OK;
}

static berg_status put(znzFile file, const void *bytes, size_t size, const char *path, berg_error *error) {
  errno = 0;
  if (znzwrite(bytes, 1, size, file) == size) return BERG_OK;
  return base_fail_errno(error, BERG_EWRITE, path, "cannot be written", errno ? errno : EIO);
}

static void fill_outside(const io_nifti_rows *rows, uint8_t *volume, size_t voxels) {
  const float narrow = NAN;
  const double wide = NAN;
  if (!rows->nan_outside) return;
  for (size_t v = 0; v < voxels; v++) {
    if (rows->dtype == BERG_F32) memcpy(volume + v * sizeof narrow, &narrow, sizeof narrow);
    if (rows->dtype == BERG_F64) memcpy(volume + v * sizeof wide, &wide, sizeof wide);
  }
}

static berg_status write_volumes(znzFile file, const io_nifti_rows *rows, const char *path, berg_error *error) {
  const size_t nx = rows->space.dims[0], ny = rows->space.dims[1], voxels = nx * ny * rows->space.dims[2];
  const size_t size = base_dtype_size(rows->dtype);
  uint8_t *row = base_alloc(rows->columns, size, error);
  uint8_t *volume = row ? base_calloc(voxels, size, error) : NULL;
  berg_status status = volume ? BERG_OK : BERG_ELIMIT;
  if (volume) fill_outside(rows, volume, voxels);
  for (size_t r = 0; r < rows->rows && !status; r++) {
    status = rows->read(rows->user, r, row, error);
    for (size_t c = 0; c < rows->columns && !status; c++) {
      const int64_t *at = rows->coordinates + 3 * c;
      memcpy(volume + size * ((size_t)at[0] + nx * ((size_t)at[1] + ny * (size_t)at[2])), row + size * c, size);
    }
    if (!status) status = put(file, volume, voxels * size, path, error);
  }
  base_free(volume);
  base_free(row);
  return status;
}

static berg_status write_all(const char *temporary, const io_nifti_rows *rows, const char *path, berg_error *error) {
  struct {
    nifti_1_header fields;
    char extension[4];
  } header = {.extension = {0}};
  _Static_assert(sizeof header == HEADER_BYTES, "the header has its size on disk");
  berg_status status = fill_header(&header.fields, rows, error);
  if (status) return status;
  const int compressed = path[strlen(path) - 1] == 'z' || path[strlen(path) - 1] == 'Z';
  znzFile file = znzopen(temporary, "wb", compressed);
  if (znz_isnull(file)) return base_fail_errno(error, BERG_EWRITE, path, "cannot be written", errno);
  status = put(file, &header, sizeof header, path, error);
  if (!status) status = write_volumes(file, rows, path, error);
  errno = 0;
  if (znzclose(file) && !status)
    status = base_fail_errno(error, BERG_EWRITE, path, "cannot be written", errno ? errno : EIO);
  return status;
}

berg_status io_nifti_write(const io_nifti_rows *rows, const char *path, bool force, berg_error *error) {
  berg_status status = io_nifti_check(rows, path, NULL, error);
  if (status) return status;
  io_whole_file *file;
  status = io_whole_file_open(&file, path, force, error);
  if (status) return status;
  status = write_all(io_whole_file_path(file), rows, path, error);
  if (!status) return io_whole_file_commit(file, error);
  io_whole_file_abandon(file, error);
  return status;
}
