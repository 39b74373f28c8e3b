/* The rows of a partial file, read back in order by the writers of the final formats, and what those writers
 * are. */
#ifndef IO_ROW_SOURCE_H
#define IO_ROW_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "io/rows/rows.h"

typedef struct io_row_source {
  int file; /* float32 [rows][columns], C order, from byte `offset` */
  off_t offset;
  size_t rows, columns;
  const size_t *shape; /* [ndim] of a row, whose product is columns */
  size_t ndim;
  const char *name; /* for messages; NULL: there are no rows yet */
  /* In place of `file`, as io_row_source_read; NULL: that. */
  berg_status (*read)(void *user, size_t first, size_t count, float *values, berg_error *error);
  void *user;
} io_row_source;

/* `count` values from element `first` of the flattened rows into `values`. EINPUT: unreadable or cut short.
 */
berg_status io_row_source_read(const io_row_source *source, size_t first, size_t count, float *values,
                               berg_error *error);

/* Each writes `path` beside its place and renames it when whole: EWRITE, EEXISTS, or what the format cannot
 * hold. */
berg_status io_write_hdf5(const io_row_source *source, const char *path, bool force, const io_labels *labels,
                          berg_error *error);
berg_status io_write_csv(const io_row_source *source, const char *path, bool force, const io_labels *labels,
                         berg_error *error);
/* What io_write_nifti asks of the rows; it reads none. EARGUMENT, EMODEL. */
berg_status io_check_nifti(const io_row_source *source, const char *path, const io_labels *labels, berg_error *error);
berg_status io_write_nifti(const io_row_source *source, const char *path, bool force, const io_labels *labels,
                           berg_error *error);
/* The same for surfaces: .func.gii, .mgh and .mgz. */
berg_status io_check_surface(const io_row_source *source, const char *path, const io_labels *labels, berg_error *error);
berg_status io_write_surface(const io_row_source *source, const char *path, bool force, const io_labels *labels,
                             berg_error *error);
/* The same for channels over time: -ave.fif and _ave.fif. */
berg_status io_check_evoked(const io_row_source *source, const char *path, const io_labels *labels, berg_error *error);
berg_status io_write_evoked(const io_row_source *source, const char *path, bool force, const io_labels *labels,
                            berg_error *error);

#endif
