/* Writes a matrix into an HDF5 file, block by block. What is around the data is written first, at once. No times are
 * stored: the same data give the same bytes. */
#include "io/hdf5/hdf5_matrix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/hdf5/hdf5_draft.h"
#include "io/hdf5/hdf5_handle.h"
#include "io/file/lock.h"
#include "io/file/put_at.h"
#include "io/file/whole_file.h"

struct io_hdf5_matrix {
  char *path, *partial;
  int file;
  size_t rows, columns, itemsize;
  size_t ndim;
  size_t shape[BERG_MAX_DIMS];
  uint64_t offset; /* of the data */
};

static berg_status fail(const io_hdf5_matrix *matrix, int number, berg_error *error) {
  return base_fail_errno(error, BERG_EWRITE, matrix->partial, "cannot be written", number);
}

static berg_status is_busy(const io_hdf5_matrix *matrix, berg_error *error) {
  return base_fail(error, BERG_EEXISTS, "%s: another run is writing it", matrix->partial);
}

/* By the current name of the partial file. A file that vanished since it was looked for belongs to another run. */
static berg_status open_partial(io_hdf5_matrix *matrix, const char *path, berg_error *error) {
  matrix->file = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (matrix->file < 0) return errno == ENOENT ? is_busy(matrix, error) : fail(matrix, errno, error);
  return io_lock(matrix->file, path) ? BERG_OK : is_busy(matrix, error);
}

/* With the disk's space for all of it, on the disk before a journal counts on it. */
static berg_status lay_out(io_hdf5_matrix *matrix, int file, const char *name, berg_error *error) {
  const io_hdf5_type type = io_hdf5_number(matrix->itemsize == 1 ? BERG_U8 : BERG_F32);
  io_hdf5_draft draft;
  uint64_t bytes;
  io_hdf5_draft_begin(&draft, matrix->partial, error);
  io_hdf5_add_dataset(&draft, IO_HDF5_ROOT, name, type, matrix->shape, matrix->ndim, &matrix->offset);
  berg_status status = io_hdf5_draft_finish(&draft, file, &bytes);
  return status ? status : io_set_aside(file, bytes, matrix->partial, error);
}

/* The old one is unlinked rather than emptied: after a kill between link and unlink it may be the final file too. */
static berg_status clear_old(io_hdf5_matrix *matrix, berg_error *error) {
  if (access(matrix->partial, F_OK)) return BERG_OK;
  berg_status status = open_partial(matrix, matrix->partial, error);
  if (status) return status;
  status = io_remove_file(matrix->partial, error);
  close(matrix->file);
  matrix->file = -1;
  return status;
}

/* A temporary name until it is laid out and locked: no other run resumes it before. */
static berg_status create(io_hdf5_matrix *matrix, const char *name, berg_error *error) {
  io_whole_file *whole;
  berg_status status = io_whole_file_open(&whole, matrix->partial, false, error);
  if (status) return status;
  const char *path = io_whole_file_path(whole);
  status = lay_out(matrix, io_whole_file_handle(whole), name, error);
  if (!status) status = open_partial(matrix, path, error);
  if (!status) return io_whole_file_commit(whole, error);
  io_whole_file_abandon(whole, error);
  return status;
}

static berg_status start(io_hdf5_matrix *matrix, const char *name, berg_error *error) {
  berg_status status = clear_old(matrix, error);
  if (!status) status = create(matrix, name, error);
  return status == BERG_EEXISTS ? is_busy(matrix, error) : status;
}

/* Asked before the file is read: a lock that is flock's keeps readers out too, and they know nothing of runs. */
static berg_status check_free(const io_hdf5_matrix *matrix, berg_error *error) {
  const int file = open(matrix->partial, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) return BERG_OK; /* its reader says why */
  const bool is_free = io_lock(file, matrix->partial);
  close(file);
  return is_free ? BERG_OK : is_busy(matrix, error);
}

static berg_status go_on(io_hdf5_matrix *matrix, const char *name, berg_error *error) {
  io_hdf5 *dataset;
  berg_status status = check_free(matrix, error);
  if (!status) status = io_hdf5_open(&dataset, matrix->partial, name, error);
  if (status) return status;
  const berg_array *about = io_hdf5_about(dataset);
  bool fits = about->dtype == BERG_F32 && about->ndim == 2 && about->shape[0] == matrix->rows &&
              about->shape[1] == matrix->columns && dataset->layout == IO_HDF5_CONTIGUOUS && !dataset->big_endian;
  matrix->offset = dataset->file.base + dataset->address;
  if (!fits)
    status = io_hdf5_refuse(dataset, "is not what this run would go on from", "a contiguous float32 matrix of its size",
                            "another dataset", error);
  io_hdf5_free(dataset);
  return status ? status : open_partial(matrix, matrix->partial, error);
}

static berg_status check_size(const io_hdf5_matrix *matrix, const char *path, berg_error *error) {
  size_t bytes;
  if (matrix->rows && matrix->columns && base_multiply(matrix->rows, matrix->columns, &bytes) &&
      base_multiply(bytes, matrix->itemsize, &bytes) && bytes <= INT64_MAX / 2)
    return BERG_OK;
  return base_fail(error, BERG_EARGUMENT, "%s: %zu rows of %zu columns cannot be written", path, matrix->rows,
                   matrix->columns);
}

/* `like` has the sizes. */
static berg_status open_matrix(io_hdf5_matrix **out, const char *path, const char *name, const io_hdf5_matrix *like,
                               bool resume, berg_error *error) {
  *out = NULL;
  berg_status status = check_size(like, path, error);
  if (status) return status;
  io_hdf5_matrix *matrix = base_calloc(1, sizeof *matrix, error);
  if (!matrix) return BERG_ELIMIT;
  *matrix = *like;
  matrix->file = -1;
  matrix->path = base_copy_text(path, error);
  matrix->partial = base_format(error, "%s.partial", path);
  status = !matrix->path || !matrix->partial ? BERG_ELIMIT
           : resume                          ? go_on(matrix, name, error)
                                             : start(matrix, name, error);
  if (status)
    io_hdf5_matrix_free(matrix, false, error);
  else
    *out = matrix;
  return status;
}

berg_status io_hdf5_matrix_start_shaped(io_hdf5_matrix **matrix, const char *path, const char *name, berg_dtype dtype,
                                        const size_t *shape, size_t ndim, berg_error *error) {
  io_hdf5_matrix like = {
      .rows = shape[0], .columns = 1, .itemsize = dtype == BERG_U8 ? 1 : sizeof(float), .ndim = ndim};
  for (size_t d = 0; d < ndim; d++) like.shape[d] = shape[d];
  for (size_t d = 1; d < ndim; d++)
    if (!base_multiply(like.columns, shape[d], &like.columns)) like.columns = 0;
  return open_matrix(matrix, path, name, &like, false, error);
}

static io_hdf5_matrix flat(size_t rows, size_t columns) {
  return (io_hdf5_matrix){
      .rows = rows, .columns = columns, .itemsize = sizeof(float), .ndim = 2, .shape = {rows, columns}};
}

berg_status io_hdf5_matrix_start(io_hdf5_matrix **matrix, const char *path, const char *name, size_t rows,
                                 size_t columns, berg_error *error) {
  const io_hdf5_matrix like = flat(rows, columns);
  return open_matrix(matrix, path, name, &like, false, error);
}

berg_status io_hdf5_matrix_resume(io_hdf5_matrix **matrix, const char *path, const char *name, size_t rows,
                                  size_t columns, berg_error *error) {
  const io_hdf5_matrix like = flat(rows, columns);
  return open_matrix(matrix, path, name, &like, true, error);
}

berg_status io_hdf5_matrix_write(const io_hdf5_matrix *matrix, size_t first_row, size_t rows, size_t first_column,
                                 size_t columns, const void *data, size_t stride, berg_error *error) {
  const size_t item = matrix->itemsize;
  if (first_row > matrix->rows || rows > matrix->rows - first_row || first_column > matrix->columns ||
      columns > matrix->columns - first_column)
    return base_fail(error, BERG_EARGUMENT, "%s: a block outside of its %zu rows of %zu columns", matrix->path,
                     matrix->rows, matrix->columns);
  if (columns == matrix->columns && stride == columns && rows) {
    columns *= rows;
    rows = 1;
  }
  for (size_t row = 0; row < rows; row++) {
    uint64_t at = matrix->offset + ((uint64_t)(first_row + row) * matrix->columns + first_column) * item;
    berg_status status =
        io_put_at(matrix->file, (const char *)data + row * stride * item, columns * item, at, matrix->partial, error);
    if (status) return status;
  }
  return BERG_OK;
}

berg_status io_hdf5_matrix_sync(const io_hdf5_matrix *matrix, berg_error *error) {
  return fdatasync(matrix->file) ? fail(matrix, errno, error) : BERG_OK;
}

berg_status io_hdf5_matrix_finish(io_hdf5_matrix *matrix, bool force, berg_error *error) {
  if (fsync(matrix->file)) return fail(matrix, errno, error);
  berg_status status = io_place_file(matrix->partial, matrix->path, force, error);
  if (status) return status;
  close(matrix->file);
  matrix->file = -1;
  return BERG_OK;
}

void io_hdf5_matrix_free(io_hdf5_matrix *matrix, bool remove, berg_error *error) {
  if (!matrix) return;
  if (remove && matrix->file >= 0 && io_is_named(matrix->file, matrix->partial)) io_remove_left(matrix->partial, error);
  if (matrix->file >= 0) close(matrix->file);
  base_free(matrix->path);
  base_free(matrix->partial);
  base_free(matrix);
}
