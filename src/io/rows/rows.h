/* Rows of float32 that are appended on disk, safe against a crash, until they are a whole file.
 *
 * Rows go to "<path>.partial" (a .npy whose header counts the rows that are safe, so that what an interrupted run
 * leaves can be looked at with NumPy), a journal beside it says which rows are safe and what run they belong to.
 * Finishing turns it into the format that the ending of `path` names, by renaming (.npy) or by writing a whole file
 * (io/file/whole_file.h). */
#ifndef IO_ROWS_H
#define IO_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/sha256.h"
#include "io/fif/evoked.h"
#include "io/file/ranges.h"

typedef struct io_rows io_rows;

#define IO_ROW_DIMS_MAX 4

/* Positions of an axis that belong together: the voxels of an ROI. */
typedef struct io_axis_group {
  const char *name;
  const int64_t *positions; /* [count] ascending */
  size_t count;
} io_axis_group;

/* One dimension of a row. Any pointer may be NULL: not known. A position is called by its text, else by its number,
 * else by its index, else by where it stands. */
typedef struct io_axis {
  const char *name; /* "voxel", "channel", "time" */
  size_t length;
  const char *const *texts;   /* [length] */
  const double *numbers;      /* [length] */
  const char *unit;           /* of the numbers: "s" */
  const size_t *indices;      /* [length] where each position stands in the whole that this is a selection of */
  const int64_t *coordinates; /* [length][3] on a grid; needed for .nii.gz */
  const char *groups_name;    /* "rois" */
  const io_axis_group *groups;
  size_t group_count;
} io_axis;

/* Of the whole file, for HDF5. */
typedef struct io_attribute {
  const char *name;
  const char *text; /* NULL: `number` it is */
  int64_t number;
} io_attribute;

/* What rows and columns are. Any pointer may be NULL: not known. Everything is borrowed until finish returns. */
typedef struct io_labels {
  const char *const *row_names;               /* [rows] image paths */
  const char (*row_hashes)[BASE_SHA256_TEXT]; /* [rows] of the image files; "": not known */
  const io_axis *axes;                        /* [axis_count] of a row, slowest first; 0: columns that have no names */
  size_t axis_count;
  const char *what;               /* the values, in a few words: "session z-scores" */
  const char *values, *row;       /* what HDF5 calls them, and a row; NULL: "responses", "image" */
  const io_attribute *attributes; /* [attribute_count] */
  size_t attribute_count;
  const char *provenance;             /* JSON: what the rows were made from */
  size_t volume[3];                   /* size of the grid that coordinates are of */
  const struct io_nifti_space *space; /* where the volume lies; NULL: not known */
  const struct io_surface *surface;   /* whose vertices the columns are; needed for .func.gii, .mgh, .mgz */
  io_evoked_kind evoked;              /* what the channels are; needed for -ave.fif */
  bool nan_outside;                   /* in a volume or on a surface: NaN where no column lies, else 0 */
  bool long_table;                    /* .csv: a line a value, a column an axis; else a line a row, a column a column */
} io_labels;

/* The i-th of those endings; NULL: there are no more. */
const char *io_rows_ending(size_t i);
/* Whether the ending of `path` is one that can be written: .npy .h5 .hdf5 .csv .nii .nii.gz .func.gii .mgh .mgz
 * -ave.fif. EARGUMENT names them. */
berg_status io_rows_check_name(const char *path, berg_error *error);
/* Whether that format holds rows of any axes. */
bool io_rows_takes_axes(const char *path);

/* Whether `rows` rows with these labels can become the file at `path`, so that it is known before there are any: a
 * volume of voxels at hand, not too large for NIfTI; a surface whose vertices the columns are; channels at even
 * times. EARGUMENT, EMODEL (coordinates, vertices). */
berg_status io_rows_check_shape(const char *path, size_t rows, size_t columns, const io_labels *labels,
                                berg_error *error);

/* Starts, or with `resume` goes on; `*done` is the number of rows already written before the first that is missing.
 * `fingerprint` (any text without a newline) names the run: a partial file of another run is refused (EEXISTS) on
 * resume, and so is any on a fresh start unless `force`. EEXISTS where `path` exists and not `force`, unless a run that
 * is resumed may have been killed when it had placed it (io_rows_is_placed); EWRITE. */
berg_status io_rows_open(io_rows **rows, const char *path, size_t columns, const char *fingerprint, bool force,
                         bool resume, size_t *done, berg_error *error);
/* The same for rows of `ndim` dimensions, at most IO_ROW_DIMS_MAX: files that know shapes get (rows, shape...). A
 * partial file of another shape is another run's. */
berg_status io_rows_open_shaped(io_rows **rows, const char *path, const size_t *shape, size_t ndim,
                                const char *fingerprint, bool force, bool resume, size_t *done, berg_error *error);
/* `data` is [count][columns]. EWRITE on a full disk; what was appended before stays safe. */
berg_status io_rows_append(io_rows *rows, const float *data, size_t count, berg_error *error);
/* The same of rows from number `first` on, in any order, as long as no more than IO_JOURNAL_RANGES pieces lie apart
 * (EARGUMENT). */
berg_status io_rows_put(io_rows *rows, size_t first, const float *data, size_t count, berg_error *error);
/* The same of rows that lie in pieces of `width` columns, `stride` floats apart. */
berg_status io_rows_put_pieces(io_rows *rows, size_t first, const float *data, size_t width, size_t stride,
                               size_t count, berg_error *error);
/* The rows that were written in this run and earlier ones. */
const io_ranges *io_rows_done(const io_rows *rows);
/* Whether there is a file at `path` beside the partial one. It is taken for this run's where io_rows_place would write
 * the same. */
bool io_rows_is_placed(const io_rows *rows);
/* Writes the final file, or finds it placed. The labels' axes, where there are some, are those of the shape. EARGUMENT:
 * a row is missing; EEXISTS: what is placed is of other bytes. */
berg_status io_rows_place(io_rows *rows, const io_labels *labels, berg_error *error);
/* After io_rows_place, for a run that has other files to place: rows that take room beside the final file go, and it is
 * known on resume by what the journal says of it. EWRITE. */
berg_status io_rows_settle(io_rows *rows, berg_error *error);
/* Whether the final file is known to be these rows without a look at them. */
bool io_rows_is_settled(const io_rows *rows);
/* Whether a file is at `path` and no partial one beside it. */
bool io_rows_is_cleared(const char *path);
/* Whether the final file is the partial one under another name, which takes no room of its own. */
bool io_rows_is_one_file(const io_rows *rows);
/* Removes the partial file, after which nothing is resumed. Done once; what is done is fine. */
berg_status io_rows_clear(io_rows *rows, berg_error *error);
/* Places and clears. */
berg_status io_rows_finish(io_rows *rows, const io_labels *labels, berg_error *error);
/* Makes the rows safe, which io_rows_free tries and says nothing of. EWRITE. */
berg_status io_rows_keep(io_rows *rows, berg_error *error);
/* Forgets all rows, those of earlier runs too: io_rows_free then removes the files. */
void io_rows_discard(io_rows *rows);
/* Closes; unless finished, the partial file and its journal are kept for a later resume. NULL is fine. */
/* `error`: of a failure before, which io_remove_left tells of files that stay; NULL: there was none. */
void io_rows_free(io_rows *rows, berg_error *error);

/* --- Several processes that write one file, each a share of its rows --- */

/* Opens what another process has opened by io_rows_open_shaped and keeps open. Of the rows it is known which are done
 * (io_rows_done); the final file is the other's affair. EEXISTS, EINPUT, EWRITE as there. */
berg_status io_rows_join(io_rows **rows, const char *path, const size_t *shape, size_t ndim, const char *fingerprint,
                         berg_error *error);
/* Once all have it open: from here on each puts rows that no other does, ascending, the first of them `first`, with a
 * journal of its own. EWRITE. */
berg_status io_rows_begin_share(io_rows *rows, size_t first, berg_error *error);
/* Makes this one's rows safe. EWRITE. */
berg_status io_rows_end_share(io_rows *rows, berg_error *error);
/* In the process that opened it, once all have ended their shares: knows all their rows. EINPUT, EEXISTS. */
berg_status io_rows_unite(io_rows *rows, berg_error *error);

#endif
