/* A NIfTI-1 file read volume by volume, as rows: one row an image, one column a voxel, x fastest. Compressed or not. */
#ifndef IO_NIFTI_ROWS_H
#define IO_NIFTI_ROWS_H

#include <stddef.h>

#include "base/error.h"

typedef struct io_nifti_rows io_nifti_rows;

/* EINPUT: no such file, not NIfTI-1 in one file (.nii, .nii.gz), a type that is no number, data that are not there. */
berg_status io_nifti_rows_open(io_nifti_rows **file, const char *path, berg_error *error);
void io_nifti_rows_free(io_nifti_rows *file);

/* Type as stored and shape (volumes, z, y, x); `data` is NULL. */
const berg_array *io_nifti_rows_about(const io_nifti_rows *file);
/* What a stored value is multiplied with, and what is then added. */
void io_nifti_rows_scale(const io_nifti_rows *file, double *slope, double *intercept);
/* Volumes [first, first + count) as stored, in this machine's byte order. Reading on from where the last call ended is
 * fast; going back begins the file anew. */
berg_status io_nifti_rows_read(io_nifti_rows *file, size_t first, size_t count, void *data, berg_error *error);

#endif
