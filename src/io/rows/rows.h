/* Rows of float32 that grow on disk, out of memory and out of harm's way, until they are a whole file.
 *
 * Rows go to "<path>.partial" (a .npy whose header counts the rows that are safe, so that what an interrupted run leaves
 * can be looked at with NumPy), a journal beside it says which rows are safe and what run they belong to. Finishing turns it
 * into the format that the ending of `path` names, by renaming (.npy) or by writing a whole file (io/file/whole_file.h). */
#ifndef IO_ROWS_H
#define IO_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/sha256.h"
#include "io/file/ranges.h"

typedef struct io_rows io_rows;

/* Columns that belong together: those of the voxels of an ROI. */
typedef struct io_column_group {
  const char *name;
  const int64_t *columns; /* [count] ascending */
  size_t count;
} io_column_group;

/* What the columns and rows are. Any pointer may be NULL: not known. Everything is borrowed until finish returns. */
typedef struct io_labels {
  const char *const *row_names;       /* [rows] image paths */
  const size_t *voxels;               /* [columns] index into the subject's voxels */
  const char *const *column_names;    /* [columns] instead of voxels: ROI names */
  const int64_t *coordinates;         /* [columns][3] x, y, z in the subject's volume; needed for .nii.gz */
  size_t volume[3];                   /* size of that volume */
  const struct io_nifti_space *space; /* where the volume lies; NULL: not known */
  bool nan_outside;                   /* in a .nii: NaN where no column lies, else 0 */
  const char *model_id;
  int subject;
  const char (*row_hashes)[BASE_SHA256_TEXT]; /* [rows] of the image files; "": not known */
  const io_column_group *rois;                /* [roi_count] */
  size_t roi_count;
  const char *provenance; /* JSON: what the rows were made from */
} io_labels;

/* Whether the ending of `path` is one that can be written: .npy .h5 .hdf5 .csv .nii .nii.gz. EARGUMENT names them. */
berg_status io_rows_check_name(const char *path, berg_error *error);

/* Whether `rows` rows with these labels can become the file at `path`, so that it is known before there are any: a volume of
 * voxels at hand, not too large for NIfTI. EARGUMENT, EMODEL (coordinates). */
berg_status io_rows_check_shape(const char *path, size_t rows, size_t columns, const io_labels *labels,
                                berg_error *error);

/* Starts, or with `resume` goes on; `*done` is the number of rows that are there already before the first that is missing. `fingerprint` (any text without a
 * newline) names the run: a partial file of another run is refused (EEXISTS) on resume, and so is any on a fresh start
 * unless `force`. EEXISTS where `path` exists and not `force`; EWRITE. */
berg_status io_rows_open(io_rows **rows, const char *path, size_t columns, const char *fingerprint, bool force,
                         bool resume, size_t *done, berg_error *error);
/* `data` is [count][columns]. EWRITE on a full disk; what was appended before stays safe. */
berg_status io_rows_append(io_rows *rows, const float *data, size_t count, berg_error *error);
/* The same of rows from number `first` on, in any order, as long as no more than IO_RANGES pieces lie apart (EARGUMENT). */
berg_status io_rows_put(io_rows *rows, size_t first, const float *data, size_t count, berg_error *error);
/* The rows that were written in this run and earlier ones. */
const io_ranges *io_rows_done(const io_rows *rows);
/* Writes the final file, renames it into place, removes the partial one. EARGUMENT: a row is missing. */
berg_status io_rows_finish(io_rows *rows, const io_labels *labels, berg_error *error);
/* Closes; unless finished, the partial file and its journal stay for a later resume. NULL is fine. */
void io_rows_free(io_rows *rows);

#endif
