/* Reads NIfTI-1:
 *
 *     header, 348 bytes | 4 bytes: [0] other than 0, extensions follow | ... | at vox_offset: elements, x fastest
 *
 * Either byte order; the whole may be gzip, told by its content: zlib passes other files through. libnifti's own reader
 * holds all volumes at once, allocates what the header asks for and prints to standard error, so of it only the
 * header's layout and byte swapping are used. */
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <math.h>
#include <nifti1_io.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/nifti/nifti.h"

#define HEADER_BYTES 348
#define DATA_START 352
#define DEFLATE_MOST 1032 /* a byte of deflate becomes at most so many */
#define SKIP_BYTES 65536
#define PIECE ((size_t)1 << 30) /* gzread counts in int */

struct io_nifti {
  char *path;
  gzFile file;
  io_nifti_about about;
  berg_dtype stored;
  bool swapped, scaled;
  double slope, intercept;
  uint64_t start; /* of the first volume */
  size_t voxels;
  size_t next; /* the volume that the file stands at; SIZE_MAX: not known */
};

_Static_assert(sizeof(nifti_1_header) == HEADER_BYTES, "the header has its size on disk");

static berg_status refuse(const io_nifti *nifti, const char *what, const char *expected, const char *found,
                          berg_error *error) {
  return base_fail_at(error, &(base_fault){BERG_EINPUT, nifti->path, BERG_NO_OFFSET, NULL, what, expected, found});
}

/* What could not be read, after the call that did not: zlib takes its memory at the first read. */
static berg_status unread(const io_nifti *nifti, const char *what, berg_error *error) {
  const int reason = errno;
  int number;
  gzerror(nifti->file, &number);
  if (number == Z_ERRNO) return base_fail_errno(error, BERG_EINPUT, nifti->path, "cannot be read", reason);
  if (number == Z_MEM_ERROR) return base_fail(error, BERG_ELIMIT, "%s: out of memory to read it", nifti->path);
  return refuse(nifti, what, NULL, NULL, error);
}

/* All of `size` bytes; less is the end of the file or a fault of the compression. */
static bool take(const io_nifti *nifti, void *bytes, size_t size) {
  uint8_t *next = bytes;
  while (size) {
    int got = gzread(nifti->file, next, (unsigned)(size < PIECE ? size : PIECE));
    if (got <= 0) return false;
    next += got;
    size -= (size_t)got;
  }
  return true;
}

static bool skip(const io_nifti *nifti, uint64_t size) {
  uint8_t bytes[SKIP_BYTES];
  for (; size; size -= size < SKIP_BYTES ? size : SKIP_BYTES)
    if (!take(nifti, bytes, size < SKIP_BYTES ? (size_t)size : SKIP_BYTES)) return false;
  return true;
}

static berg_status check_kind(io_nifti *nifti, nifti_1_header *header, berg_error *error) {
  int32_t size = header->sizeof_hdr, other = (int32_t)__builtin_bswap32((uint32_t)size);
  if (size == 540 || other == 540)
    return refuse(nifti, "is NIfTI-2, which is not supported: convert it, with nifti_tool or nibabel for instance",
                  NULL, NULL, error);
  if (size != HEADER_BYTES && other != HEADER_BYTES)
    return refuse(nifti, "not a NIfTI-1 file", "a header of 348 bytes", NULL, error);
  nifti->swapped = size != HEADER_BYTES;
  if (nifti->swapped) swap_nifti_header(header, 1);
  if (!memcmp(header->magic, "ni1", 4))
    return refuse(nifti, "is a header whose data lie in another file: expected one file, .nii or .nii.gz", NULL, NULL,
                  error);
  if (memcmp(header->magic, "n+1", 4)) return refuse(nifti, "not a NIfTI-1 file", "the magic \"n+1\"", NULL, error);
  return BERG_OK;
}

static berg_status check_dims(io_nifti *nifti, const nifti_1_header *header, berg_error *error) {
  char found[128];
  const short *dim = header->dim;
  base_print(found, sizeof found, "%d: %d x %d x %d x %d x %d x %d x %d", dim[0], dim[1], dim[2], dim[3], dim[4],
             dim[5], dim[6], dim[7]);
  bool good = dim[0] >= 1 && dim[0] <= 7;
  for (int d = 1; d <= 7 && good; d++) good = d > dim[0] || dim[d] == 1 || (d <= 4 && dim[d] > 1);
  if (!good) return refuse(nifti, "dimensions", "three, or four with the volumes", found, error);
  for (int d = 0; d < 3; d++) nifti->about.space.dims[d] = d < dim[0] ? (size_t)dim[d + 1] : 1;
  nifti->about.ndim = dim[0] > 3 ? 4 : 3;
  nifti->about.volumes = dim[0] > 3 ? (size_t)dim[4] : 1;
  const size_t *dims = nifti->about.space.dims;
  nifti->voxels = dims[0] * dims[1] * dims[2]; /* 45 bits at most */
  if (nifti->voxels > IO_NIFTI_VOXELS_MAX) {
    base_print(found, sizeof found, "%zu x %zu x %zu", dims[0], dims[1], dims[2]);
    return refuse(nifti, "a volume too large", "at most 2^27 voxels", found, error);
  }
  return BERG_OK;
}

static berg_status check_type(io_nifti *nifti, const nifti_1_header *header, berg_error *error) {
  char found[64];
  if (!io_nifti_dtype(header->datatype, &nifti->stored)) {
    base_print(found, sizeof found, "datatype %d", header->datatype);
    return refuse(nifti, "type of the elements", "8 to 64 bit whole numbers, float32 or float64", found, error);
  }
  if ((size_t)header->bitpix != 8 * base_dtype_size(nifti->stored)) {
    base_print(found, sizeof found, "bitpix %d", header->bitpix);
    return refuse(nifti, "size of the elements", berg_dtype_name(nifti->stored), found, error);
  }
  nifti->slope = header->scl_slope;
  nifti->intercept = header->scl_inter;
  /* nibabel writes NaN for "not scaled" */
  nifti->scaled = nifti->slope != 0 && isfinite(nifti->slope) && (nifti->slope != 1 || nifti->intercept != 0);
  if (nifti->scaled && !isfinite(nifti->intercept))
    return refuse(nifti, "scl_inter", "a finite number", "infinity or NaN", error);
  nifti->about.dtype = nifti->scaled ? BERG_F64 : nifti->stored;
  return BERG_OK;
}

/* Checked against the file's size, so that no header can make the reader allocate more than the file holds. */
static berg_status check_size(io_nifti *nifti, const nifti_1_header *header, uint64_t file_size, berg_error *error) {
  const bool compressed = !gzdirect(nifti->file);
  char expected[64], found[64];
  const float start = header->vox_offset;
  if (!(start >= DATA_START && start <= 1e9f && start == floorf(start))) {
    base_print(found, sizeof found, "%g", (double)start);
    return refuse(nifti, "vox_offset", "a whole number from 352 up", found, error);
  }
  /* 2^27 voxels, 2^15 volumes, 8 bytes: 45 bits */
  uint64_t needed = (uint64_t)start + (uint64_t)nifti->voxels * nifti->about.volumes * base_dtype_size(nifti->stored);
  uint64_t most = compressed ? file_size * DEFLATE_MOST : file_size;
  if (needed <= most) return BERG_OK;
  base_print(expected, sizeof expected, "%llu bytes", (unsigned long long)needed);
  base_print(found, sizeof found, compressed ? "%llu bytes compressed" : "%llu bytes", (unsigned long long)file_size);
  return refuse(nifti, "is shorter than its header says", expected, found, error);
}

static void take_space(io_nifti_space *space, const nifti_1_header *header) {
  space->qform_code = header->qform_code;
  space->sform_code = header->sform_code;
  memcpy(space->pixdim, header->pixdim, sizeof space->pixdim);
  memcpy(space->quatern, (float[]){header->quatern_b, header->quatern_c, header->quatern_d}, sizeof space->quatern);
  memcpy(space->offset, (float[]){header->qoffset_x, header->qoffset_y, header->qoffset_z}, sizeof space->offset);
  memcpy(space->srow[0], header->srow_x, sizeof space->srow[0]);
  memcpy(space->srow[1], header->srow_y, sizeof space->srow[1]);
  memcpy(space->srow[2], header->srow_z, sizeof space->srow[2]);
  space->units = XYZT_TO_SPACE((unsigned char)header->xyzt_units);
}

static berg_status read_header(io_nifti *nifti, uint64_t file_size, berg_error *error) {
  nifti_1_header header;
  if (!take(nifti, &header, sizeof header)) return unread(nifti, "not a NIfTI-1 file: too short", error);
  berg_status status = check_kind(nifti, &header, error);
  if (!status) status = check_dims(nifti, &header, error);
  if (!status) status = check_type(nifti, &header, error);
  if (!status) status = check_size(nifti, &header, file_size, error);
  if (status) return status;
  take_space(&nifti->about.space, &header);
  nifti->start = (uint64_t)header.vox_offset;
  if (skip(nifti, nifti->start - HEADER_BYTES)) return BERG_OK;
  return unread(nifti, "is cut short before its data, or damaged", error);
}

berg_status io_nifti_open(io_nifti **out, const char *path, berg_error *error) {
  struct stat about;
  *out = NULL;
  io_nifti *nifti = base_calloc(1, sizeof *nifti, error);
  if (!nifti) return BERG_ELIMIT;
  nifti->path = base_copy_text(path, error);
  berg_status status = nifti->path ? BERG_OK : BERG_ELIMIT;
  if (!status && stat(path, &about)) status = base_fail_errno(error, BERG_EINPUT, path, "cannot be read", errno);
  if (!status && !S_ISREG(about.st_mode)) status = refuse(nifti, "not a regular file", NULL, NULL, error);
  errno = 0;
  if (!status && !(nifti->file = gzopen(path, "rb")))
    status = base_fail_errno(error, BERG_EINPUT, path, "cannot be read", errno ? errno : ENOMEM);
  if (!status) status = read_header(nifti, (uint64_t)about.st_size, error);
  if (status)
    io_nifti_free(nifti);
  else
    *out = nifti;
  return status;
}

void io_nifti_free(io_nifti *nifti) {
  if (!nifti) return;
  if (nifti->file) gzclose(nifti->file);
  base_free(nifti->path);
  base_free(nifti);
}

const io_nifti_about *io_nifti_describe(const io_nifti *nifti) { return &nifti->about; }

static void swap_elements(uint8_t *bytes, size_t count, size_t size) {
  for (size_t i = 0; i < count; i++, bytes += size)
    for (size_t low = 0, high = size - 1; low < high; low++, high--) {
      uint8_t byte = bytes[low];
      bytes[low] = bytes[high];
      bytes[high] = byte;
    }
}

/* In place, from the last to the first: doubles are at least as large as what they are made of. */
static void scale_elements(const io_nifti *nifti, void *values, size_t count) {
  const size_t size = base_dtype_size(nifti->stored);
  for (size_t i = count; i-- > 0;) {
    double value = base_read_number(nifti->stored, (uint8_t *)values + i * size);
    value = value * nifti->slope + nifti->intercept;
    memcpy((uint8_t *)values + i * sizeof value, &value, sizeof value);
  }
}

/* After the last element zlib checks that the checksum is present and right. Anything that follows is ignored. */
static berg_status check_end(const io_nifti *nifti, berg_error *error) {
  uint8_t rest[64];
  int number, got = gzread(nifti->file, rest, sizeof rest);
  gzerror(nifti->file, &number);
  if (got >= 0 && number != Z_BUF_ERROR) return BERG_OK;
  return unread(nifti, "is damaged: checksum wrong or cut off", error);
}

berg_status io_nifti_read(io_nifti *nifti, size_t first, size_t count, void *values, berg_error *error) {
  const size_t size = base_dtype_size(nifti->stored), volumes = nifti->about.volumes;
  if (first > volumes || count > volumes - first)
    return base_fail(error, BERG_EARGUMENT, "%s: volumes %zu to %zu are not all there", nifti->path, first,
                     first + count);
  const size_t elements = count * nifti->voxels;
  const z_off_t place = (z_off_t)(nifti->start + (uint64_t)first * nifti->voxels * size);
  const bool there = first == nifti->next || gzseek(nifti->file, place, SEEK_SET) == place;
  nifti->next = SIZE_MAX;
  if (!there || !take(nifti, values, elements * size)) {
    char what[96];
    base_print(what, sizeof what, "is cut short in its %zu volumes, or damaged", volumes);
    return unread(nifti, what, error);
  }
  if (first + count == volumes) {
    berg_status status = check_end(nifti, error);
    if (status) return status;
  } else {
    nifti->next = first + count;
  }
  if (nifti->swapped) swap_elements(values, elements, size);
  if (nifti->scaled) scale_elements(nifti, values, elements);
  return BERG_OK;
}
