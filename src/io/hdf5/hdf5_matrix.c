/* Writes a matrix into an HDF5 file, block by block. libhdf5 writes the few kilobytes around the data, as in
 * write_hdf5.c, and is then done with the file. Its own way of locking could collide with ours on NFS, so ours is taken
 * afterwards. No times are stored: the same data give the same bytes. */
#include "io/hdf5/hdf5_matrix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/system.h"
#include "io/hdf5/hdf5_handle.h"
#include "io/hdf5/hdf5_session.h"
#include "io/file/lock.h"
#include "io/file/whole_file.h"

#define LAYOUT_BYTES 65536 /* libhdf5 takes about 2 kB for one dataset */

struct io_hdf5_matrix {
  char *path, *partial;
  int file;
  size_t rows, columns, itemsize;
  size_t ndim;
  hsize_t shape[BERG_MAX_DIMS];
  uint64_t offset; /* of the data */
};

static berg_status fail(const io_hdf5_matrix *matrix, int number, berg_error *error) {
  return base_fail_errno(error, BERG_EWRITE, matrix->partial, "cannot be written", number);
}

/* All of `size` bytes at `offset`; an errno, or 0. */
static int write_at(int file, const void *bytes, size_t size, uint64_t offset) {
  const char *next = bytes;
  while (size) {
    ssize_t written = pwrite(file, next, size, (off_t)offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written ? errno : ENOSPC;
    next += written;
    offset += (uint64_t)written;
    size -= (size_t)written;
  }
  return 0;
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

static size_t data_bytes(const io_hdf5_matrix *matrix) { return matrix->rows * matrix->columns * matrix->itemsize; }

/* A full disk, or a limit of file sizes, is found here rather than by libhdf5, to which a file that it cannot close
 * is lost (write_hdf5.c). */
static berg_status try_room(const io_hdf5_matrix *matrix, int file, berg_error *error) {
  char *zeros = base_calloc(LAYOUT_BYTES, 1, error);
  if (!zeros) return BERG_ELIMIT;
  int number = write_at(file, zeros, LAYOUT_BYTES, 0);
  const off_t whole = (off_t)(LAYOUT_BYTES + data_bytes(matrix));
  if (!number && (ftruncate(file, whole) || fsync(file))) number = errno;
  base_free(zeros);
  return number ? fail(matrix, number, error) : BERG_OK;
}

static bool add_dataset(hid_t file, const char *name, const io_hdf5_matrix *matrix, haddr_t *offset) {
  hid_t space = H5Screate_simple((int)matrix->ndim, matrix->shape, NULL);
  hid_t how = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_layout(how, H5D_CONTIGUOUS);
  H5Pset_alloc_time(how, H5D_ALLOC_TIME_EARLY);
  H5Pset_fill_time(how, H5D_FILL_TIME_NEVER);
  H5Pset_obj_track_times(how, 0);
  hid_t type = matrix->itemsize == 1 ? H5T_STD_U8LE : H5T_IEEE_F32LE;
  hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, how, H5P_DEFAULT);
  *offset = dataset >= 0 ? H5Dget_offset(dataset) : HADDR_UNDEF;
  if (dataset >= 0) H5Dclose(dataset);
  H5Pclose(how);
  H5Sclose(space);
  return *offset != HADDR_UNDEF;
}

static berg_status lay_out(io_hdf5_matrix *matrix, const char *path, const char *name, berg_error *error) {
  io_hdf5_session session;
  haddr_t offset = HADDR_UNDEF;
  io_hdf5_enter(&session);
  hid_t file = io_hdf5_create(path);
  bool done = file >= 0 && add_dataset(file, name, matrix, &offset);
  if (file >= 0 && H5Fclose(file) < 0) done = false;
  io_hdf5_leave(&session);
  if (!done)
    return base_fail(error, io_hdf5_status(&session, BERG_EWRITE), "%s: cannot be written: libhdf5 says %s",
                     matrix->partial, session.reason);
  matrix->offset = offset;
  return BERG_OK;
}

static berg_status set_aside(const io_hdf5_matrix *matrix, berg_error *error) {
  int number = base_system_reserve_or_write(matrix->file, matrix->offset + data_bytes(matrix));
  if (!number && fsync(matrix->file)) number = errno;
  return number ? fail(matrix, number, error) : BERG_OK;
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

/* A temporary name until it is laid out and locked: libhdf5 opens by name, and that could by then be another run's
 * file. */
static berg_status create(io_hdf5_matrix *matrix, const char *name, berg_error *error) {
  io_whole_file *whole;
  berg_status status = io_whole_file_open(&whole, matrix->partial, false, error);
  if (status) return status;
  const char *path = io_whole_file_path(whole);
  status = try_room(matrix, io_whole_file_handle(whole), error);
  if (!status) status = lay_out(matrix, path, name, error);
  if (!status) status = open_partial(matrix, path, error);
  if (!status) return io_whole_file_commit(whole, error);
  io_whole_file_abandon(whole, error);
  return status;
}

static berg_status start(io_hdf5_matrix *matrix, const char *name, berg_error *error) {
  berg_status status = clear_old(matrix, error);
  if (!status) status = create(matrix, name, error);
  if (status == BERG_EEXISTS) return is_busy(matrix, error);
  if (!status && (status = set_aside(matrix, error))) io_remove_left(matrix->partial, error);
  return status;
}

static berg_status go_on(io_hdf5_matrix *matrix, const char *name, berg_error *error) {
  io_hdf5 *dataset;
  berg_status status = io_hdf5_open(&dataset, matrix->partial, name, error);
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
    int number = write_at(matrix->file, (const char *)data + row * stride * item, columns * item, at);
    if (number) return fail(matrix, number, error);
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
