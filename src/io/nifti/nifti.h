/* NIfTI-1 volumes in one file, .nii or .nii.gz: grids of numbers and where they lie in a space.
 *
 * Elements are in the order of the format, x fastest: element (x, y, z) of a volume is number x + nx (y + ny z). */
#ifndef IO_NIFTI_H
#define IO_NIFTI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define IO_NIFTI_VOXELS_MAX ((size_t)1 << 27) /* 512 cubed: a volume is held in memory, and no brain needs as many */

/* The grid, and what of a header says where it lies; the fields as the format has them. */
typedef struct io_nifti_space {
  size_t dims[3];
  int qform_code, sform_code; /* 0: unknown */
  float pixdim[4];            /* [0]: qfac */
  float quatern[3], offset[3];
  float srow[3][4];
  int units; /* of space: NIFTI_UNITS_ code, 0: unknown */
} io_nifti_space;

/* No space: voxel indices of a grid of this size. */
void io_nifti_space_unknown(io_nifti_space *space, const size_t dims[3]);
/* Whether what the header says of the space can be used. EINPUT. */
berg_status io_nifti_space_check(const io_nifti_space *space, const char *path, berg_error *error);
/* `affine` [4][4] takes voxel indices to millimetres; it becomes the sform ("aligned"), as nibabel writes it.
 * EARGUMENT: not finite, no inverse, last row not 0 0 0 1. */
berg_status io_nifti_space_affine(io_nifti_space *space, const size_t dims[3], const double *affine, berg_error *error);
bool io_nifti_space_is_known(const io_nifti_space *space);

/* The format's code for a type, 0 where it has none; and the reverse, false where libberg has none. */
int io_nifti_code(berg_dtype dtype);
bool io_nifti_dtype(int code, berg_dtype *dtype);

/* Whether `path` ends in .nii or .nii.gz. */
bool io_nifti_is_name(const char *path);

/* --- Reading --- */

typedef struct io_nifti io_nifti;

typedef struct io_nifti_about {
  io_nifti_space space;
  size_t ndim;      /* 3, or 4 where the file counts volumes */
  size_t volumes;   /* 1 where ndim is 3 */
  berg_dtype dtype; /* of the elements as they are read: those of the file, or float64 where it scales them */
} io_nifti_about;

/* Reads and checks the header; sizes are held against the file's before anything is allocated. EINPUT: missing, not
 * NIfTI-1, two files (.hdr and .img), another type (complex, RGB), larger than the file can hold. */
berg_status io_nifti_open(io_nifti **nifti, const char *path, berg_error *error);
void io_nifti_free(io_nifti *nifti);
const io_nifti_about *io_nifti_describe(const io_nifti *nifti);
/* Volumes [first, first + count), in this machine's byte order and scaled as the header says; `values` holds count nx
 * ny nz elements of the described type. Reading on from where the last call ended is fast, going back in a compressed
 * file begins it anew. Behind the last volume the checksum of a compressed file is compared. EARGUMENT: out of range;
 * EINPUT: truncated, damaged. */
berg_status io_nifti_read(io_nifti *nifti, size_t first, size_t count, void *values, berg_error *error);

/* --- Writing --- */

typedef struct io_nifti_rows {
  io_nifti_space space;
  berg_dtype dtype; /* one that io_nifti_code knows */
  size_t ndim;      /* 3 (one row) or 4 */
  size_t rows, columns;
  const int64_t *coordinates; /* [columns][3] x, y, z, inside the grid */
  bool nan_outside;           /* of a real dtype: NaN where no column lies, else 0 */
  const char *intent, *what;  /* for the header: at most 15 characters, at most 24 */
  /* Row `row` as `columns` elements. */
  berg_status (*read)(void *user, size_t row, void *values, berg_error *error);
  void *user;
} io_nifti_rows;

/* What the writer asks of sizes, for messages before there are rows: EARGUMENT (does not fit NIfTI-1), EMODEL (a volume
 * too large, a voxel outside the grid). `kept` (may be NULL) is where the rows stay when they do not fit. */
berg_status io_nifti_check(const io_nifti_rows *rows, const char *path, const char *kept, berg_error *error);
/* Compressed where `path` ends in .gz. The same rows give the same bytes. EWRITE, EEXISTS, and what `read` says. */
berg_status io_nifti_write(const io_nifti_rows *rows, const char *path, bool force, berg_error *error);

#endif
