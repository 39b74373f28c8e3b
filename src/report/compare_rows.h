/* One side of a comparison as a matrix [rows][columns] of float64, read by rows, whatever file it lies in. */
#ifndef REPORT_COMPARE_ROWS_H
#define REPORT_COMPARE_ROWS_H

#include <stdbool.h>

#include "io/hdf5.h"
#include "io/nifti.h"

typedef struct report_rows {
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
} report_rows;

/* Whether `input` is HDF5 or a volume, by its first bytes and its ending, or FILE:DATASET. Everything else is for
 * berg_file_open. */
bool report_rows_is_streamed(const char *input);
/* HDF5 (/responses, else /neural_data, or FILE:DATASET) or NIfTI. EINPUT. */
berg_status report_rows_open(report_rows *rows, const char *input, berg_error *error);
/* A numeric array in memory, which must outlive the rows. One dimension is one row; of more, the first counts rows. */
void report_rows_from_array(report_rows *rows, const berg_array *array);
/* A .npy that holds one numeric array; takes the handle over. */
void report_rows_from_file(report_rows *rows, const char *path, berg_file *file);
void report_rows_close(report_rows *rows);

/* Rows [first, first + count) to `values` [count][columns]. */
berg_status report_rows_read(report_rows *rows, size_t first, size_t count, int threads, double *values,
                             berg_error *error);
/* The name of an image, its own or the other side's, into `text`; false: not known. */
bool report_rows_name(const report_rows *rows, size_t row, char *text, size_t room);

#endif
