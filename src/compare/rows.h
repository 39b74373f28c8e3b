/* One side of a comparison as a matrix [rows][columns] of float64, read by rows, whatever file it lies in. */
#ifndef COMPARE_ROWS_H
#define COMPARE_ROWS_H

#include <stdbool.h>

#include "io/hdf5/hdf5.h"
#include "io/nifti/nifti.h"

typedef struct compare_rows {
  const char *format; /* "npy", "hdf5", "nifti"; NULL: an array of a container */
  const char *path;   /* as given */
  char *dataset;      /* HDF5 alone */
  berg_file *file;    /* .npy */
  io_hdf5 *hdf5;      /* ... or HDF5 */
  io_nifti *nifti;    /* ... or NIfTI */
  berg_array about;   /* as stored; its data where they are in memory */
  size_t rows, columns;
  size_t *voxels; /* [columns] index into the subject's voxels; NULL: not known */
  uint8_t *names; /* [rows][name_bytes] names of the images; NULL: not known */
  size_t name_bytes;
  uint8_t *raw; /* rows as stored */
  size_t raw_room;
} compare_rows;

/* Whether `input` is HDF5 or a volume, by its first bytes and its ending, or FILE:DATASET. Everything else is for
 * berg_file_open. EINPUT: it cannot be read. */
berg_status compare_rows_is_streamed(const char *input, bool *is_streamed, berg_error *error);
/* HDF5 (/responses, else /neural_data, or FILE:DATASET) or NIfTI. EINPUT. */
berg_status compare_rows_open(compare_rows *rows, const char *input, berg_error *error);
/* A numeric array in memory, which must outlive the rows. One dimension is one row; of more, the first counts rows. */
void compare_rows_from_array(compare_rows *rows, const berg_array *array);
/* A .npy that holds one numeric array; takes the handle over. */
void compare_rows_from_file(compare_rows *rows, const char *path, berg_file *file);
void compare_rows_close(compare_rows *rows);

/* Rows [first, first + count) to `values` [count][columns]. */
berg_status compare_rows_read(compare_rows *rows, size_t first, size_t count, int threads, double *values,
                              berg_error *error);
/* The name of an image, its own or the other side's, into `text`; false: not known. */
bool compare_rows_name(const compare_rows *rows, size_t row, char *text, size_t size);

#endif
