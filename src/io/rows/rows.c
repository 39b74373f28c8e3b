/* Appends rows to two files until they are complete:
 *
 *     <path>.partial            .npy: header of (rows, columns) float32 | row 0 | row 1 | ... | rows not yet safe
 *     <path>.partial.journal    which rows are safe (io/file/journal.c)
 *
 * (and more journals, where several processes share it: rows_share.c).
 *
 * The order that keeps the journal truthful: rows are written, fdatasync, the count in the .npy header (of the rows
 * before the first that is missing) is written, then the journal, fdatasync. A kill between any two leaves a journal
 * that records too few rows, never too many; rows beyond it are cut off on resume. */
#include "io/rows/rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/file/journal.h"
#include "io/file/lock.h"
#include "io/file/map.h"
#include "io/file/put_at.h"
#include "io/container/npy.h"
#include "io/rows/row_source.h"
#include "io/rows/rows_handle.h"
#include "io/file/whole_file.h"

#define HEADER_MAX 256
#define SECONDS_BETWEEN_SYNCS 1.0

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
  return base_fail(
      error, BERG_EARGUMENT,
      "%s: the ending says the format: .npy, .h5, .hdf5, .csv, .nii, .nii.gz, .func.gii, .mgh, .mgz or -ave.fif", path);
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

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static bool write_header(io_rows *rows, size_t count) {
  uint8_t header[HEADER_MAX];
  rows->shape[0] = count;
  size_t length = io_npy_write_header(header, sizeof header, BERG_F32, sizeof(float), rows->shape, rows->ndim);
  return io_write_at(rows->data, header, length, 0);
}

static off_t row_offset(const io_rows *rows, size_t row) { return (off_t)(rows->header_bytes + row * rows->row_bytes); }

bool io_rows_sync(io_rows *rows) {
  rows->synced_at = now();
  if (io_ranges_same(&rows->safe, &rows->own)) return true;
  if (fdatasync(rows->data) || (!rows->is_guest && !write_header(rows, io_ranges_before(&rows->written))) ||
      !io_journal_note(rows->journal, &rows->own))
    return false;
  rows->safe = rows->own;
  return true;
}

/* Two runs that write one file would spoil each other's rows. A file that appeared or vanished since it was looked for
 * belongs to another run too. For writing alone: a file that is read, too, NFS may write by whole pages, with
 * what other machines have written to them meanwhile as it was before. */
static berg_status open_partial(io_rows *rows, int flags, berg_error *error) {
  rows->data = open(rows->partial, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | flags, 0666);
  if (rows->data < 0 && errno != (flags & O_EXCL ? EEXIST : ENOENT))
    return base_fail_errno(error, BERG_EWRITE, rows->partial, "cannot be written", errno);
  if (rows->data >= 0 && io_lock(rows->data, rows->partial)) return BERG_OK;
  return base_fail(error, BERG_EEXISTS, "%s: another run is writing it", rows->partial);
}

/* The old partial file is unlinked rather than emptied: after a kill between link and unlink it may be the final file
 * too. Its journal goes first, so that no journal ever counts rows of another file. */
static berg_status clear_old(io_rows *rows, berg_error *error) {
  berg_status status = rows->data < 0 ? open_partial(rows, 0, error) : BERG_OK;
  if (!status) status = io_remove_file(rows->journal_path, error);
  if (!status) status = io_rows_remove_shares(rows, error);
  if (!status) status = io_remove_file(rows->partial, error);
  if (status) return status;
  close(rows->data);
  rows->data = -1;
  return BERG_OK;
}

/* Whoever has locked the file of that name owns the journal too. */
static berg_status start(io_rows *rows, bool is_there, berg_error *error) {
  berg_status status = is_there ? clear_old(rows, error) : BERG_OK;
  if (!status) status = open_partial(rows, O_CREAT | O_EXCL, error);
  if (!status) status = io_remove_file(rows->journal_path, error);
  if (!status) status = io_rows_remove_shares(rows, error);
  if (status) return status;
  if (!write_header(rows, 0)) status = base_fail_errno(error, BERG_EWRITE, rows->partial, "cannot be written", errno);
  if (!status) status = io_journal_create(&rows->journal, rows->journal_path, rows->columns, rows->run, error);
  if (status) io_remove_left(rows->partial, error);
  return status;
}

/* A run was killed between removing its journal and its partial file: all was done, and the file is there. */
static berg_status end_clearing(const io_rows *rows, berg_error *error) {
  berg_status status = io_check_output(rows->path, false, error);
  if (access(rows->journal_path, F_OK)) io_remove_left(rows->partial, error);
  return status;
}

static berg_status go_on(io_rows *rows, berg_error *error) {
  size_t bytes = 0;
  struct stat about;
  berg_status status = open_partial(rows, 0, error);
  if (status) return status;
  if (fstat(rows->data, &about)) return base_fail_errno(error, BERG_EINPUT, rows->partial, "cannot be examined", errno);
  bool no_rows = about.st_size <= (off_t)rows->header_bytes;
  if (rows->placed && (no_rows || access(rows->journal_path, F_OK))) return end_clearing(rows, error);
  if (no_rows && access(rows->journal_path, F_OK)) return start(rows, true, error);
  status = io_journal_open(&rows->journal, rows->journal_path, rows->columns, rows->run, &rows->safe, error);
  rows->written = rows->own = rows->safe;
  if (!status) status = io_rows_read_shares(rows, error);
  if (status) return status;
  const size_t count = io_ranges_end(&rows->written);
  bool fits = base_multiply(count, rows->row_bytes, &bytes) && base_add(bytes, rows->header_bytes, &bytes) &&
              bytes <= INT64_MAX && (count == 0 || about.st_size >= (off_t)bytes);
  if (!fits) {
    char expected[64];
    base_print(expected, sizeof expected, "%zu rows", count);
    return base_fail_found(error, BERG_EINPUT, rows->partial, "holds less than its journal says", expected,
                           "%lld bytes", (long long)about.st_size);
  }
  if (ftruncate(rows->data, (off_t)bytes) || !write_header(rows, io_ranges_before(&rows->written)))
    return base_fail_errno(error, BERG_EWRITE, rows->partial, "cannot be written", errno);
  return BERG_OK;
}

static berg_status check_places(io_rows *rows, bool force, bool resume, berg_error *error) {
  berg_status status = io_check_output(rows->path, force, error);
  if (status == BERG_EEXISTS && resume && !access(rows->partial, F_OK)) {
    rows->placed = true;
    return BERG_OK;
  }
  if (status || resume || force || access(rows->partial, F_OK)) return status;
  status = open_partial(rows, 0, error);
  return status ? status
                : base_fail(error, BERG_EEXISTS,
                            "%s: is there from an interrupted run: resume that, or force a new start", rows->partial);
}

/* Left by a run that was killed while it started or finished. */
static void clear_left(const io_rows *rows) {
  io_whole_file_clear(rows->journal_path);
  io_whole_file_clear(rows->path);
}

static berg_status begin(io_rows *rows, bool resume, berg_error *error) {
  berg_status status = check_places(rows, rows->force, resume, error);
  if (status) return status;
  struct stat about;
  bool is_there = !lstat(rows->partial, &about);
  status = resume && is_there ? go_on(rows, error) : start(rows, is_there, error);
  if (!status && is_there) clear_left(rows);
  return status;
}

berg_status io_rows_open_shaped(io_rows **out, const char *path, const size_t *shape, size_t ndim,
                                const char *fingerprint, bool force, bool resume, size_t *done, berg_error *error) {
  berg_status status;
  *out = NULL;
  *done = 0;
  io_rows *rows = io_rows_new(path, shape, ndim, fingerprint, &status, error);
  if (!rows) return status;
  rows->force = force;
  status = begin(rows, resume, error);
  if (status) {
    io_rows_free(rows, error);
    return status;
  }
  rows->synced_at = now();
  rows->begun = true;
  *done = io_ranges_before(&rows->written);
  *out = rows;
  return BERG_OK;
}

berg_status io_rows_open(io_rows **rows, const char *path, size_t columns, const char *fingerprint, bool force,
                         bool resume, size_t *done, berg_error *error) {
  return io_rows_open_shaped(rows, path, &columns, 1, fingerprint, force, resume, done, error);
}

static berg_status fail_write(const io_rows *rows, int number, berg_error *error) {
  char what[96];
  base_print(what, sizeof what, "cannot be written (%zu rows are safe and can be resumed)",
             io_ranges_total(&rows->safe));
  return base_fail_errno(error, BERG_EWRITE, rows->partial, what, number);
}

/* The incomplete rows are dropped and those of earlier calls made safe: a full disk still accepts writes in place.
 * Where others write behind them they stay, and no journal has them. */
static berg_status tear_off(io_rows *rows, int number, berg_error *error) {
  if (rows->is_shared || !ftruncate(rows->data, row_offset(rows, io_ranges_end(&rows->written)))) io_rows_sync(rows);
  return fail_write(rows, number, error);
}

static bool write_pieces(const io_rows *rows, size_t first, const float *data, size_t width, size_t stride,
                         size_t count) {
  const size_t floats = count * rows->columns, together = width == stride ? floats : width;
  uint64_t offset = (uint64_t)row_offset(rows, first);
  for (size_t at = 0; at < floats; at += together, data += stride, offset += together * sizeof *data)
    if (!io_write_at(rows->data, data, together * sizeof *data, offset)) return false;
  return true;
}

/* What lies between this one's rows and the next, and others have made safe, this one's journal has too: it has one
 * range then, however many gaps there were. */
static bool note(const io_rows *rows, io_ranges *own, size_t first, size_t end) {
  io_range gap;
  const size_t before = io_ranges_end(own);
  const bool is_own = !rows->is_guest || own->count; /* where a guest begins, others are before it */
  if (is_own && before < first && !io_ranges_gap(&rows->written, before, first, &gap)) first = before;
  return io_ranges_add(own, first, end) && own->count <= IO_JOURNAL_RANGES;
}

static berg_status put(io_rows *rows, size_t first, const float *data, size_t width, size_t stride, size_t count,
                       berg_error *error) {
  const size_t most = ((size_t)INT64_MAX - rows->header_bytes) / rows->row_bytes;
  io_ranges written = rows->written, own = rows->own;
  if (first > most || count > most - first) return fail_write(rows, EFBIG, error);
  if (!io_ranges_add(&written, first, first + count) || !note(rows, &own, first, first + count))
    return base_fail(error, BERG_EARGUMENT, "%s: rows in more than %d places apart", rows->partial, IO_JOURNAL_RANGES);
  if (!write_pieces(rows, first, data, width, stride, count)) return tear_off(rows, errno, error);
  rows->written = written;
  rows->own = own;
  if (now() - rows->synced_at >= SECONDS_BETWEEN_SYNCS && !io_rows_sync(rows)) return fail_write(rows, errno, error);
  return BERG_OK;
}

berg_status io_rows_put(io_rows *rows, size_t first, const float *data, size_t count, berg_error *error) {
  return put(rows, first, data, rows->columns, rows->columns, count, error);
}

berg_status io_rows_append(io_rows *rows, const float *data, size_t count, berg_error *error) {
  return io_rows_put(rows, io_ranges_end(&rows->written), data, count, error);
}

berg_status io_rows_put_pieces(io_rows *rows, size_t first, const float *data, size_t width, size_t stride,
                               size_t count, berg_error *error) {
  return put(rows, first, data, width, stride, count, error);
}

const io_ranges *io_rows_done(const io_rows *rows) { return &rows->written; }

/* The partial file is removed last: once its name is free another run may take it, and the journal's. */
berg_status io_rows_clear(io_rows *rows, berg_error *error) {
  if (rows->data < 0) return BERG_OK;
  bool is_named = io_is_named(rows->data, rows->partial);
  berg_status status = io_rows_remove_shares(rows, error);
  if (!status) status = io_remove_file(rows->journal_path, error);
  if (!status && is_named) status = io_remove_file(rows->partial, error);
  close(rows->data);
  close(rows->journal);
  rows->data = rows->journal = -1;
  return status;
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

/* Opened anew: what processes on other machines wrote is seen from here on. */
static berg_status convert(const io_rows *rows, const char *path, bool force, size_t count, const io_labels *labels,
                           berg_error *error) {
  const int file = open(rows->partial, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) return base_fail_errno(error, BERG_EINPUT, rows->partial, "cannot be read back", errno);
  berg_status status = convert_file(rows, file, path, force, count, labels, error);
  close(file);
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
  rows->own = rows->written; /* other journals may go before this one */
  if (!io_rows_sync(rows)) return fail_write(rows, errno, error);
  if (!io_rows_is_one_file(rows))
    return rows->placed ? convert_again(rows, count, labels, error)
                        : convert(rows, rows->path, rows->force, count, labels, error);
  /* The header was written again after the rows were synced. */
  return fsync(rows->data) ? fail_write(rows, errno, error)
                           : io_place_link(rows->partial, rows->path, rows->force, error);
}

berg_status io_rows_finish(io_rows *rows, const io_labels *labels, berg_error *error) {
  berg_status status = io_rows_place(rows, labels, error);
  return status ? status : io_rows_clear(rows, error);
}

void io_rows_discard(io_rows *rows) { rows->written = rows->own = (io_ranges){.count = 0}; }

/* A run that failed before its first row leaves nothing to resume, and must not keep the next one from starting. */
static bool is_empty(const io_rows *rows) {
  if (!rows->begun || rows->is_guest || rows->data < 0 || rows->written.count) return false;
  return !io_rows_have_shares(rows);
}

void io_rows_free(io_rows *rows, berg_error *error) {
  if (!rows) return;
  if (rows->data >= 0 && rows->journal >= 0) io_rows_sync(rows);
  if (is_empty(rows)) {
    io_remove_left(rows->journal_path, error);
    io_remove_left(rows->partial, error);
  }
  if (rows->data >= 0) close(rows->data);
  if (rows->journal >= 0) close(rows->journal);
  base_free(rows->path);
  base_free(rows->partial);
  base_free(rows->journal_path);
  base_free(rows->run);
  base_free(rows);
}
