/* NIfTI-1, one file: header (348 bytes) | 4 zero bytes (no extensions) | float32 [image][z][y][x],
 * 0 outside the voxels
 *
 * The subject's volume comes without an affine, so qform and sform codes are 0 ("arbitrary coordinates"), and
 * descrip says so: a viewer shows voxel indices and invents no space. */
#include <errno.h>
#include <limits.h>
#include <nifti1_io.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/row_source.h"
#include "io/whole_file.h"

#define HEADER_BYTES 352
#define VOLUME_MAX ((size_t)1 << 27) /* voxels, 512 cubed: the volume is held in memory, and no brain needs as many */

berg_status io_check_nifti(const io_row_source *source, const char *path, const io_labels *labels, berg_error *error) {
  if (!labels->coordinates || labels->column_names)
    return base_fail(error, BERG_EARGUMENT,
                     "%s: a volume needs a voxel behind each column: ROI means go to .npy, .h5 or .csv", path);
  const bool is_kept = source->name != NULL;
  const size_t dims[4] = {labels->volume[0], labels->volume[1], labels->volume[2], source->rows};
  for (int d = 0; d < 4; d++)
    if (!dims[d] || dims[d] > INT16_MAX)
      return base_fail(error, BERG_EARGUMENT,
                       "%s: %s %zu does not fit NIfTI-1, which holds 1 to 32767 in each dimension%s%s%s", path,
                       d < 3 ? "a volume side of" : "a number of images of", dims[d],
                       d < 3 || !is_kept ? "" : " (the rows stay in ", d < 3 || !is_kept ? "" : source->name,
                       d < 3 || !is_kept ? "" : ", a .npy)");
  if (dims[0] * dims[1] * dims[2] > VOLUME_MAX)
    return base_fail(error, BERG_EMODEL, "%s: a volume of %zu x %zu x %zu voxels: expected at most %zu in all", path,
                     dims[0], dims[1], dims[2], VOLUME_MAX);
  for (size_t c = 0; c < source->columns; c++)
    for (int d = 0; d < 3; d++) {
      int64_t at = labels->coordinates[3 * c + (size_t)d];
      if (at < 0 || (uint64_t)at >= labels->volume[d])
        return base_fail(error, BERG_EMODEL, "%s: the voxel of column %zu has coordinate %c = %lld, outside 0..%zu",
                         path, c, "xyz"[d], (long long)at, labels -> volume[d] - 1);
    }
  return BERG_OK;
}

static berg_status fill_header(nifti_1_header *header, size_t rows, const io_labels *labels, berg_error *error) {
  const int dims[8] = {4, (int)labels->volume[0], (int)labels->volume[1], (int)labels->volume[2], (int)rows, 1, 1, 1};
  nifti_1_header *made = nifti_make_new_header(dims, DT_FLOAT32);
  if (!made) return base_fail_memory(error, sizeof *header);
  *header = *made;
  free(made);
  header->vox_offset = HEADER_BYTES;
  header->scl_slope = 1;
  header->qform_code = header->sform_code = NIFTI_XFORM_UNKNOWN;
  header->xyzt_units = NIFTI_UNITS_UNKNOWN;
  snprintf(header->descrip, sizeof header->descrip, "libberg %s, session z-scores, voxel indices (space unknown)",
           berg_version());
  snprintf(header->intent_name, sizeof header->intent_name, "response");
  return BERG_OK;
}

static berg_status put(znzFile file, const void *bytes, size_t size, const char *path, berg_error *error) {
  errno = 0;
  if (znzwrite(bytes, 1, size, file) == size) return BERG_OK;
  return base_fail_errno(error, BERG_EWRITE, path, "cannot be written", errno ? errno : EIO);
}

static berg_status write_volumes(znzFile file, const io_row_source *source, const char *path, const io_labels *labels,
                                 berg_error *error) {
  const size_t nx = labels->volume[0], ny = labels->volume[1], voxels = nx * ny * labels->volume[2];
  float *row = base_alloc(source->columns, sizeof *row, error);
  float *volume = row ? base_calloc(voxels, sizeof *volume, error) : NULL;
  berg_status status = volume ? BERG_OK : BERG_ELIMIT;
  for (size_t r = 0; r < source->rows && !status; r++) {
    status = io_row_source_read(source, r * source->columns, source->columns, row, error);
    for (size_t c = 0; c < source->columns && !status; c++) {
      const int64_t *at = labels->coordinates + 3 * c;
      volume[(size_t)at[0] + nx * ((size_t)at[1] + ny * (size_t)at[2])] = row[c];
    }
    if (!status) status = put(file, volume, voxels * sizeof *volume, path, error);
  }
  base_free(volume);
  base_free(row);
  return status;
}

static berg_status write_all(const char *temporary, const io_row_source *source, const char *path,
                             const io_labels *labels, berg_error *error) {
  struct {
    nifti_1_header fields;
    char extension[4];
  } header = {.extension = {0}};
  _Static_assert(sizeof header == HEADER_BYTES, "the header has its size on disk");
  berg_status status = fill_header(&header.fields, source->rows, labels, error);
  if (status) return status;
  const int compressed = path[strlen(path) - 1] == 'z' || path[strlen(path) - 1] == 'Z';
  znzFile file = znzopen(temporary, "wb", compressed);
  if (znz_isnull(file)) return base_fail_errno(error, BERG_EWRITE, path, "cannot be written", errno);
  status = put(file, &header, sizeof header, path, error);
  if (!status) status = write_volumes(file, source, path, labels, error);
  errno = 0;
  if (znzclose(file) && !status)
    status = base_fail_errno(error, BERG_EWRITE, path, "cannot be written", errno ? errno : EIO);
  return status;
}

berg_status io_write_nifti(const io_row_source *source, const char *path, bool force, const io_labels *labels,
                           berg_error *error) {
  berg_status status = io_check_nifti(source, path, labels, error);
  if (status) return status;
  io_whole_file *file;
  status = io_whole_file_open(&file, path, force, error);
  if (status) return status;
  status = write_all(io_whole_file_path(file), source, path, labels, error);
  if (!status) return io_whole_file_commit(file, error);
  io_whole_file_abandon(file);
  return status;
}
