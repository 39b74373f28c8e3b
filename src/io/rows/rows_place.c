/* Rows that are complete become the file that the ending of its name says, and what they grew in goes. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/file/lock.h"
#include "io/file/map.h"
#include "io/file/whole_file.h"
#include "io/rows/row_source.h"
#include "io/rows/rows_file.h"

typedef berg_status (*writer)(const io_row_source *, const char *, bool, const io_labels *, berg_error *);
typedef berg_status (*checker)(const io_row_source *, const char *, const io_labels *, berg_error *);

static const struct {
  const char *ending;
  writer write;  /* NULL: the partial file itself */
  checker check; /* NULL: it takes all rows */
} formats[] = {{".npy", NULL, NULL},
               {".h5", io_write_hdf5, NULL},
               {".hdf5", io_write_hdf5, NULL},
               {".csv", io_write_csv, NULL},
               {".nii", io_write_nifti, io_check_nifti},
               {".nii.gz", io_write_nifti, io_check_nifti},
               {".func.gii", io_write_surface, io_check_surface},
               {".mgh", io_write_surface, io_check_surface},
               {".mgz", io_write_surface, io_check_surface},
               {"-ave.fif", io_write_evoked, io_check_evoked},
               {"_ave.fif", io_write_evoked, io_check_evoked}};

const char *io_rows_ending(size_t i) { return i < sizeof formats / sizeof *formats ? formats[i].ending : NULL; }

static int format_of(const char *path) {
  size_t length = strlen(path);
  for (int i = 0; i < (int)(sizeof formats / sizeof *formats); i++) {
    size_t ending = strlen(formats[i].ending);
    if (length > ending && path[length - ending - 1] != '/' &&
        base_same_word(path + length - ending, formats[i].ending))
      return i;
  }
  return -1;
}

berg_status io_rows_check_name(const char *path, berg_error *error) {
  if (format_of(path) >= 0) return BERG_OK;
  return base_fail(error, BERG_EARGUMENT,
                   "%s: the ending says the format: .npy, .h5, .hdf5, .csv, .nii, .nii.gz, .func.gii, .mgh, .mgz or "
                   "-ave.fif; such as "
                   "responses.npy",
                   path);
}

bool io_rows_takes_axes(const char *path) {
  const int format = format_of(path);
  return format >= 0 && !formats[format].check;
}

berg_status io_rows_check_shape(const char *path, size_t rows, size_t columns, const io_labels *labels,
                                berg_error *error) {
  int format = format_of(path);
  if (format < 0 || !formats[format].check) return io_rows_check_name(path, error);
  return formats[format].check(&(io_row_source){.file = -1, .rows = rows, .columns = columns}, path, labels, error);
}

static bool have_shape(const io_labels *labels, const size_t *shape, size_t ndim) {
  if (labels->axis_count != ndim) return false;
  for (size_t d = 0; d < ndim; d++)
    if (labels->axes[d].length != shape[d]) return false;
  return true;
}

/* Each writer finds an axis for each dimension. */
static berg_status convert_file(const io_rows *rows, int file, const char *path, bool force, size_t count,
                                const io_labels *labels, berg_error *error) {
  const io_row_source source = {.file = file,
                                .offset = (off_t)rows->header_bytes,
                                .rows = count,
                                .columns = rows->columns,
                                .shape = rows->shape + 1,
                                .ndim = rows->ndim - 1,
                                .name = rows->partial};
  io_axis plain[IO_ROW_DIMS_MAX];
  io_labels whole = *labels;
  for (size_t d = 0; d < source.ndim; d++) plain[d] = (io_axis){.name = "column", .length = source.shape[d]};
  if (!whole.axis_count) {
    whole.axes = plain;
    whole.axis_count = source.ndim;
  }
  if (!have_shape(&whole, source.shape, source.ndim))
    return base_fail(error, BERG_EINTERNAL, "%s: the axes are not those of its rows", rows->path);
  return formats[format_of(path)].write(&source, path, force, &whole, error);
}

/* Opened anew: what processes on other machines wrote is seen from here on. */
static berg_status convert(const io_rows *rows, const char *path, bool force, size_t count, const io_labels *labels,
                           berg_error *error) {
  const int file = open(rows->partial, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) return base_fail_errno(error, BERG_EINPUT, rows->partial, "cannot be read back", errno);
  berg_status status = convert_file(rows, file, path, force, count, labels, error);
  close(file);
  return status;
}

static berg_status compare_bytes(const char *path, const char *again, bool *same, berg_error *error) {
  io_map a, b;
  berg_status status = io_map_open(&a, path, error);
  if (status) return status;
  status = io_map_open(&b, again, error);
  if (!status) {
    *same = a.size == b.size && !memcmp(a.bytes, b.bytes, a.size);
    io_map_close(&b);
  }
  io_map_close(&a);
  return status;
}

/* The file that is in its place already is this run's if it is what would be placed. */
static berg_status convert_again(const io_rows *rows, size_t count, const io_labels *labels, berg_error *error) {
  bool same = false;
  char *again = base_format(error, "%s.again%s", rows->path, formats[format_of(rows->path)].ending);
  if (!again) return BERG_ELIMIT;
  berg_status status = convert(rows, again, true, count, labels, error);
  if (!status) status = compare_bytes(rows->path, again, &same, error);
  if (!status && !same) status = io_check_output(rows->path, false, error);
  if (status)
    io_remove_left(again, error);
  else
    status = io_remove_file(again, error);
  base_free(again);
  return status;
}

bool io_rows_is_placed(const io_rows *rows) { return rows->placed; }

bool io_rows_is_one_file(const io_rows *rows) { return !formats[format_of(rows->path)].write; }

berg_status io_rows_place(io_rows *rows, const io_labels *labels, berg_error *error) {
  const size_t count = io_ranges_before(&rows->written);
  if (rows->written.count > 1 || count != io_ranges_end(&rows->written))
    return base_fail(error, BERG_EARGUMENT, "%s: row %zu is missing", rows->partial, count);
  if (rows->settled) return BERG_OK;
  rows->own = rows->written; /* other journals may go before this one */
  if (!io_rows_sync(rows)) return io_rows_fail_write(rows, errno, error);
  if (!io_rows_is_one_file(rows))
    return rows->placed ? convert_again(rows, count, labels, error)
                        : convert(rows, rows->path, rows->force, count, labels, error);
  /* The header was written again after the rows were synced. */
  return fsync(rows->data) ? io_rows_fail_write(rows, errno, error)
                           : io_place_link(rows->partial, rows->path, rows->force, error);
}

berg_status io_rows_settle(io_rows *rows, berg_error *error) {
  const io_placed placed = io_rows_placed_now(rows);
  if (rows->settled || io_rows_is_one_file(rows) || !placed.size) return BERG_OK;
  if (!io_journal_note_placed(rows->journal, &rows->safe, &placed) || !io_rows_cut(rows, rows->header_bytes, 0))
    return io_rows_fail_write(rows, errno, error);
  rows->settled = true;
  return BERG_OK;
}

bool io_rows_is_settled(const io_rows *rows) {
  struct stat rest, whole;
  if (!io_rows_is_one_file(rows)) return rows->settled;
  return !stat(rows->partial, &rest) && !stat(rows->path, &whole) && rest.st_dev == whole.st_dev &&
         rest.st_ino == whole.st_ino;
}

bool io_rows_is_cleared(const char *path) {
  char *partial = base_format(NULL, "%s.partial", path);
  const bool cleared = partial && !access(path, F_OK) && access(partial, F_OK);
  base_free(partial);
  return cleared;
}

berg_status io_rows_finish(io_rows *rows, const io_labels *labels, berg_error *error) {
  berg_status status = io_rows_place(rows, labels, error);
  return status ? status : io_rows_clear(rows, error);
}

/* The partial file is removed last: once its name is free another run may take it, and the journal's. */
berg_status io_rows_clear(io_rows *rows, berg_error *error) {
  if (rows->data < 0) return BERG_OK;
  bool is_named = io_is_named(rows->data, rows->partial);
  /* looked for only where there may be some: nothing that needs memory comes after a file has its name */
  const bool has_shares = rows->is_shared || rows->has_shares;
  berg_status status = has_shares ? io_rows_remove_shares(rows, error) : BERG_OK;
  if (!status) status = io_remove_file(rows->journal_path, error);
  if (!status && is_named) status = io_remove_file(rows->partial, error);
  close(rows->data);
  close(rows->journal);
  rows->data = rows->journal = -1;
  return status;
}
