/* NIfTI-1, one file: header (348 bytes) | extensions | from byte vox_offset the values, [t][z][y][x]
 *
 * Read with zlib, which passes plain files through: libnifti would hold all volumes at once, and believes the sizes that
 * the header names. */
#define _FILE_OFFSET_BITS 64
#include "io/nifti_rows.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <nifti1.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/array.h"
#include "base/memory.h"
#include "io/extent.h"

#define HEADER_BYTES 348
#define PIECE ((size_t)1 << 30) /* gzread counts in int */
#define DEFLATE_MOST 1032       /* bytes that one byte can become */

struct io_nifti_rows {
  char *path;
  gzFile stream;
  berg_array about;
  size_t volume_bytes;
  size_t next; /* the volume that the stream stands at */
  uint64_t offset;
  bool swapped;
  double slope, intercept;
};

static berg_status refuse(const io_nifti_rows *file, const char *what, const char *expected, const char *found,
                          berg_error *error) {
  return base_fail_at(error, &(base_fault){BERG_EINPUT, file->path, BERG_NO_OFFSET, NULL, what, expected, found});
}

static void swap(void *data, size_t size, size_t itemsize) {
  uint8_t *bytes = data;
  for (size_t i = 0; i + itemsize <= size; i += itemsize)
    for (size_t b = 0; b < itemsize / 2; b++) {
      uint8_t byte = bytes[i + b];
      bytes[i + b] = bytes[i + itemsize - 1 - b];
      bytes[i + itemsize - 1 - b] = byte;
    }
}

static berg_status get(io_nifti_rows *file, void *data, size_t size, berg_error *error) {
  uint8_t *next = data;
  while (size) {
    int got = gzread(file->stream, next, (unsigned)(size < PIECE ? size : PIECE));
    if (got < 0) {
      int number;
      const char *reason = gzerror(file->stream, &number);
      return refuse(file, "cannot be read", NULL, number == Z_ERRNO ? strerror(errno) : reason, error);
    }
    if (!got) return refuse(file, "ends in the middle of the values", NULL, NULL, error);
    next += got;
    size -= (size_t)got;
  }
  return BERG_OK;
}

static berg_status take_type(io_nifti_rows *file, short code, berg_error *error) {
  static const struct {
    short code;
    berg_dtype dtype;
  } types[] = {{DT_UINT8, BERG_U8},    {DT_INT8, BERG_I8},    {DT_UINT16, BERG_U16}, {DT_INT16, BERG_I16},
               {DT_UINT32, BERG_U32},  {DT_INT32, BERG_I32},  {DT_UINT64, BERG_U64}, {DT_INT64, BERG_I64},
               {DT_FLOAT32, BERG_F32}, {DT_FLOAT64, BERG_F64}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (types[i].code == code) {
      file->about.dtype = types[i].dtype;
      file->about.itemsize = base_dtype_size(types[i].dtype);
      return BERG_OK;
    }
  char found[32];
  snprintf(found, sizeof found, "datatype %d", code);
  return refuse(file, "not values of a plain type", "integers, or floats of 4 or 8 bytes", found, error);
}

/* Everything after x, y and z counts volumes. */
static berg_status take_shape(io_nifti_rows *file, const short *dim, berg_error *error) {
  char found[48];
  snprintf(found, sizeof found, "%d dimensions", dim[0]);
  if (dim[0] < 1 || dim[0] > 7) return refuse(file, "not a volume", "1 to 7 dimensions", found, error);
  size_t sizes[8] = {0, 1, 1, 1, 1, 1, 1, 1}, count, bytes;
  for (int d = 1; d <= dim[0]; d++) {
    snprintf(found, sizeof found, "%d", dim[d]);
    if (dim[d] < 1) return refuse(file, "a dimension of no size", "1 or more", found, error);
    sizes[d] = (size_t)dim[d];
  }
  if (!io_extent(sizes + 1, 7, file->about.itemsize, &count, &bytes))
    return refuse(file, "its size does not fit this machine", NULL, NULL, error);
  berg_array *about = &file->about;
  about->ndim = 4;
  about->shape[0] = sizes[4] * sizes[5] * sizes[6] * sizes[7];
  for (size_t d = 1; d < 4; d++) about->shape[d] = sizes[4 - d];
  base_array_set_strides(about, false);
  file->volume_bytes = (size_t)about->strides[0];
  return BERG_OK;
}

/* That the values can be there, before anything is allocated for them. */
static berg_status check_room(const io_nifti_rows *file, uint64_t file_bytes, berg_error *error) {
  uint64_t wanted = file->offset + file->about.shape[0] * (uint64_t)file->volume_bytes;
  uint64_t most = gzdirect(file->stream) ? file_bytes : file_bytes * DEFLATE_MOST;
  char expected[48], found[48];
  snprintf(expected, sizeof expected, "%llu bytes", (unsigned long long)wanted);
  snprintf(found, sizeof found, "at most %llu", (unsigned long long)most);
  return wanted <= most ? BERG_OK : refuse(file, "the values are not all there", expected, found, error);
}

static berg_status take_header(io_nifti_rows *file, uint64_t file_bytes, berg_error *error) {
  nifti_1_header header;
  _Static_assert(sizeof header == HEADER_BYTES, "the header has its size on disk");
  berg_status status = get(file, &header, sizeof header, NULL);
  if (status) return refuse(file, "not a NIfTI-1 file", "a header of 348 bytes", "fewer, or damaged ones", error);
  file->swapped = header.sizeof_hdr != HEADER_BYTES;
  if (file->swapped) {
    swap(&header.sizeof_hdr, 4, 4);
    swap(header.dim, sizeof header.dim, 2);
    swap(&header.datatype, 2, 2);
    swap(&header.vox_offset, 4, 4);
    swap(&header.scl_slope, 4, 4);
    swap(&header.scl_inter, 4, 4);
  }
  if (header.sizeof_hdr != HEADER_BYTES || memcmp(header.magic, "n+1", 4))
    return refuse(file, "not a NIfTI-1 file", "magic n+1 (header and values in one file)", NULL, error);
  if (!(header.vox_offset >= HEADER_BYTES && header.vox_offset <= INT_MAX))
    return refuse(file, "values begin nowhere", "vox_offset from 352", NULL, error);
  file->offset = (uint64_t)header.vox_offset;
  bool is_scaled = isfinite(header.scl_slope) && header.scl_slope != 0 && isfinite(header.scl_inter);
  file->slope = is_scaled ? (double)header.scl_slope : 1;
  file->intercept = is_scaled ? (double)header.scl_inter : 0;
  status = take_type(file, header.datatype, error);
  if (!status) status = take_shape(file, header.dim, error);
  return status ? status : check_room(file, file_bytes, error);
}

berg_status io_nifti_rows_open(io_nifti_rows **out, const char *path, berg_error *error) {
  struct stat about;
  *out = NULL;
  if (stat(path, &about)) return base_fail_errno(error, BERG_EINPUT, path, "cannot be opened", errno);
  if (!S_ISREG(about.st_mode)) return base_fail(error, BERG_EINPUT, "%s: is not a regular file", path);
  io_nifti_rows *file = base_calloc(1, sizeof *file, error);
  if (!file) return BERG_ELIMIT;
  file->next = SIZE_MAX;
  file->path = base_copy_text(path, error);
  berg_status status = file->path ? BERG_OK : BERG_ELIMIT;
  errno = 0;
  if (!status && !(file->stream = gzopen(path, "rb")))
    status = base_fail_errno(error, BERG_EINPUT, path, "cannot be opened", errno ? errno : ENOMEM);
  if (!status) status = take_header(file, (uint64_t)about.st_size, error);
  if (status)
    io_nifti_rows_free(file);
  else
    *out = file;
  return status;
}

void io_nifti_rows_free(io_nifti_rows *file) {
  if (!file) return;
  if (file->stream) gzclose(file->stream);
  base_free(file->path);
  base_free(file);
}

const berg_array *io_nifti_rows_about(const io_nifti_rows *file) { return &file->about; }

void io_nifti_rows_scale(const io_nifti_rows *file, double *slope, double *intercept) {
  *slope = file->slope;
  *intercept = file->intercept;
}

/* Behind the last value zlib finds whether the checksum is right. What else may stand there is no concern of ours. */
static berg_status check_end(io_nifti_rows *file, berg_error *error) {
  char rest[64];
  int number, got = gzread(file->stream, rest, sizeof rest);
  const char *reason = gzerror(file->stream, &number);
  if (got >= 0 && number != Z_BUF_ERROR) return BERG_OK;
  return refuse(file, "damaged or cut short behind the values", NULL, number == Z_ERRNO ? strerror(errno) : reason,
                error);
}

berg_status io_nifti_rows_read(io_nifti_rows *file, size_t first, size_t count, void *data, berg_error *error) {
  if (first > file->about.shape[0] || count > file->about.shape[0] - first)
    return base_fail(error, BERG_EARGUMENT, "%s: volumes %zu to %zu are not all there", file->path, first,
                     first + count);
  z_off_t place = (z_off_t)(file->offset + first * (uint64_t)file->volume_bytes);
  if (first != file->next && gzseek(file->stream, place, SEEK_SET) != place)
    return refuse(file, "ends in the middle of the values", NULL, NULL, error);
  file->next = SIZE_MAX;
  berg_status status = get(file, data, count * file->volume_bytes, error);
  if (status) return status;
  if (first + count < file->about.shape[0])
    file->next = first + count;
  else
    status = check_end(file, error);
  if (status) return status;
  if (file->swapped) swap(data, count * file->volume_bytes, file->about.itemsize);
  return BERG_OK;
}
