/* A matrix of an HDF5 file, of float32 unless said otherwise, written block by block in any order: "<path>.partial"
 * holds one dataset, contiguous, as h5py makes it by default, with its space set aside at once, until finishing
 * gives it its name.
 *
 * A journal can record how much of it is safe (io/file/journal.h), in units of the caller's: blocks, voxels. The
 * order that keeps the journal truthful: start the matrices, then io_journal_create; write, io_hdf5_matrix_sync,
 * then io_journal_note; on resume go on from what the journal says; io_hdf5_matrix_finish, and the journal is
 * unlinked last. */
#ifndef IO_HDF5_MATRIX_H
#define IO_HDF5_MATRIX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef struct io_hdf5_matrix io_hdf5_matrix;

/* A new matrix, replacing any "<path>.partial". EEXISTS: another run is writing it; EWRITE, also where the disk is too
 * small for it. */
berg_status io_hdf5_matrix_start(io_hdf5_matrix **matrix, const char *path, const char *name, size_t rows,
                                 size_t columns, berg_error *error);
/* The same with rows of several dimensions, which are written as rows of that many columns: float32 or uint8. */
berg_status io_hdf5_matrix_start_shaped(io_hdf5_matrix **matrix, const char *path, const char *name, berg_dtype dtype,
                                        const size_t *shape, size_t ndim, berg_error *error);
/* The matrix that an earlier run left. EINPUT: it is missing or of another shape; EEXISTS: another run is writing
 * it. */
berg_status io_hdf5_matrix_resume(io_hdf5_matrix **matrix, const char *path, const char *name, size_t rows,
                                  size_t columns, berg_error *error);

/* Rows [first_row, first_row + rows), of these columns, from `data`, whose rows lie `stride` elements apart. From any
 * thread. EWRITE; EARGUMENT: outside the matrix. */
berg_status io_hdf5_matrix_write(const io_hdf5_matrix *matrix, size_t first_row, size_t rows, size_t first_column,
                                 size_t columns, const void *data, size_t stride, berg_error *error);
/* Waits until all that was written is on the disk. */
berg_status io_hdf5_matrix_sync(const io_hdf5_matrix *matrix, berg_error *error);
/* Syncs, gives the file its name and closes it. EEXISTS where `path` is there and not `force`; EWRITE. */
berg_status io_hdf5_matrix_finish(io_hdf5_matrix *matrix, bool force, berg_error *error);
/* Closes; unless finished, the partial file stays, or with `remove` goes. NULL is fine. */
/* `error`: of the failure that it is removed for, as io_remove_left has it. */
void io_hdf5_matrix_free(io_hdf5_matrix *matrix, bool remove, berg_error *error);

#endif
