/* Writes a brain mask as NIfTI-1:
 *
 *     NIfTI-1, one file: header (348 bytes) | 4 zero bytes (no extensions) | uint8 [z][y][x] */
#include "io/nifti/write_mask.h"

#include <errno.h>
#include <nifti1_io.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/file/whole_file.h"

#define HEADER_BYTES 352

static berg_status fill_header(uint8_t *bytes, const size_t shape[3], float millimetres, berg_error *error) {
  const int dims[8] = {3, (int)shape[0], (int)shape[1], (int)shape[2], 1, 1, 1, 1};
  nifti_1_header *header = nifti_make_new_header(dims, DT_UINT8);
  if (!header) return base_fail_memory(error, sizeof *header);
  header->vox_offset = HEADER_BYTES;
  header->scl_slope = 1;
  for (int d = 1; d <= 3; d++) header->pixdim[d] = millimetres;
  header->qform_code = header->sform_code = NIFTI_XFORM_UNKNOWN;
  header->xyzt_units = NIFTI_UNITS_MM;
  memcpy(bytes, header, sizeof *header);
  free(header);
  return BERG_OK;
}

static berg_status write_all(const char *temporary, const uint8_t *bytes, size_t size, bool compressed,
                             const char *path, berg_error *error) {
  errno = 0;
  znzFile file = znzopen(temporary, "wb", compressed);
  if (znz_isnull(file)) return base_fail_errno(error, BERG_EWRITE, path, "cannot be written", errno ? errno : EIO);
  bool done = znzwrite(bytes, 1, size, file) == size;
  if (znzclose(file)) done = false;
  return done ? BERG_OK : base_fail_errno(error, BERG_EWRITE, path, "cannot be written", errno ? errno : EIO);
}

berg_status io_write_mask(const char *path, const uint8_t *mask, const size_t shape[3], float millimetres, bool force,
                          berg_error *error) {
  const size_t nx = shape[0], ny = shape[1], nz = shape[2], size = HEADER_BYTES + nx * ny * nz, length = strlen(path);
  io_whole_file *file = NULL;
  uint8_t *bytes = base_calloc(size, 1, error);
  berg_status status = bytes ? fill_header(bytes, shape, millimetres, error) : BERG_ELIMIT;
  if (!status) status = io_whole_file_open(&file, path, force, error);
  if (!status) {
    for (size_t x = 0; x < nx; x++)
      for (size_t y = 0; y < ny; y++)
        for (size_t z = 0; z < nz; z++) bytes[HEADER_BYTES + x + nx * (y + ny * z)] = mask[(x * ny + y) * nz + z];
    bool compressed = length > 3 && !strcmp(path + length - 3, ".gz");
    status = write_all(io_whole_file_path(file), bytes, size, compressed, path, error);
    if (!status)
      status = io_whole_file_commit(file, error);
    else
      io_whole_file_abandon(file, error);
  }
  base_free(bytes);
  return status;
}
