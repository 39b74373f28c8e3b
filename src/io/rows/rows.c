/* Appends rows to two files until they are complete:
 *
 *     <path>.partial            .npy: header of (rows, columns) float32 | row 0 | row 1 | ... | rows not yet safe
 *     <path>.partial.journal    which rows are safe (io/file/journal.c)
 *
 * The order that keeps the journal truthful: rows are written, fdatasync, the count in the .npy header (of the rows
 * before the first that is missing) is written, then the journal, fdatasync. A kill between any two leaves a journal
 * that records too few rows, never too many; rows beyond it are cut off on resume. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/container/npy.h"
#include "io/file/lock.h"
#include "io/file/put_at.h"
#include "io/file/whole_file.h"
#include "io/rows/rows_file.h"

#define HEADER_MAX 256
#define SECONDS_BETWEEN_SYNCS 1.0

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
  if (io_ranges_same(&rows->safe, &rows->written)) return true;
  if (fdatasync(rows->data) || !write_header(rows, io_ranges_before(&rows->written)) ||
      !io_journal_note(rows->journal, &rows->written))
    return false;
  rows->safe = rows->written;
  return true;
}

bool io_rows_cut(io_rows *rows, size_t bytes, size_t count) {
  return !ftruncate(rows->data, (off_t)bytes) && write_header(rows, count);
}

io_placed io_rows_placed_now(const io_rows *rows) {
  struct stat about;
  if (stat(rows->path, &about)) return (io_placed){0, 0};
  return (io_placed){(size_t)about.st_size, (size_t)about.st_mtim.tv_sec * 1000000000 + (size_t)about.st_mtim.tv_nsec};
}

/* Two runs that write one file would spoil each other's rows. A file that appeared or vanished since it was looked for
 * belongs to another run too. */
static berg_status open_partial(io_rows *rows, int flags, berg_error *error) {
  rows->data = open(rows->partial, O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags, 0666);
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
  if (!status) status = io_remove_file(rows->partial, error);
  if (status) return status;
  close(rows->data);
  rows->data = -1;
  return BERG_OK;
}

/* Whoever has locked the file of that name owns the journal too. */
static berg_status start(io_rows *rows, const char *fingerprint, bool is_there, berg_error *error) {
  berg_status status = is_there ? clear_old(rows, error) : BERG_OK;
  if (!status) status = open_partial(rows, O_CREAT | O_EXCL, error);
  if (!status) status = io_remove_file(rows->journal_path, error);
  if (status) return status;
  if (!write_header(rows, 0)) status = base_fail_errno(error, BERG_EWRITE, rows->partial, "cannot be written", errno);
  if (!status) status = io_journal_create(&rows->journal, rows->journal_path, rows->columns, fingerprint, error);
  if (status) io_remove_left(rows->partial, error);
  return status;
}

/* A run was killed between removing its journal and its partial file: all was done, and the file is there. */
static berg_status end_clearing(const io_rows *rows, berg_error *error) {
  berg_status status = io_check_output(rows->path, false, error);
  io_remove_left(rows->partial, error);
  return status;
}

/* Of rows that have become a file and are gone: one that is not there any more is made again, and so is another that
 * may be replaced. */
static berg_status take_settled(io_rows *rows, const char *fingerprint, const io_placed *noted, berg_error *error) {
  const io_placed now = io_rows_placed_now(rows);
  if (now.size == noted->size && now.time == noted->time) {
    rows->placed = rows->settled = true;
    rows->written = rows->safe;
    return BERG_OK;
  }
  if (rows->placed) return io_check_output(rows->path, false, error);
  close(rows->journal);
  rows->journal = -1;
  rows->safe = (io_ranges){.count = 0};
  return start(rows, fingerprint, true, error);
}

static berg_status go_on(io_rows *rows, const char *fingerprint, berg_error *error) {
  size_t bytes = 0;
  struct stat about;
  io_placed noted;
  berg_status status = open_partial(rows, 0, error);
  if (status) return status;
  if (fstat(rows->data, &about)) return base_fail_errno(error, BERG_EINPUT, rows->partial, "cannot be examined", errno);
  const bool no_rows = about.st_size <= (off_t)rows->header_bytes, no_journal = access(rows->journal_path, F_OK);
  if (rows->placed && no_journal) return end_clearing(rows, error);
  if (no_rows && no_journal) return start(rows, fingerprint, true, error);
  status = io_journal_open_placed(&rows->journal, rows->journal_path, rows->columns, fingerprint, &rows->safe, &noted,
                                  error);
  if (status) return status;
  if (noted.size) return take_settled(rows, fingerprint, &noted, error);
  if (rows->placed && no_rows) return io_check_output(rows->path, false, error);
  const size_t count = io_ranges_end(&rows->safe);
  bool fits = base_multiply(count, rows->row_bytes, &bytes) && base_add(bytes, rows->header_bytes, &bytes) &&
              bytes <= INT64_MAX && (count == 0 || about.st_size >= (off_t)bytes);
  if (!fits) {
    char expected[64];
    base_print(expected, sizeof expected, "%zu rows", count);
    return base_fail_found(error, BERG_EINPUT, rows->partial, "holds less than its journal says", expected,
                           "%lld bytes", (long long)about.st_size);
  }
  rows->written = rows->safe;
  if (!io_rows_cut(rows, bytes, io_ranges_before(&rows->safe)))
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

static berg_status make_names(io_rows *rows, const char *path, berg_error *error) {
  rows->path = base_copy_text(path, error);
  rows->partial = base_format(error, "%s.partial", path);
  rows->journal_path = base_format(error, "%s.partial.journal", path);
  return rows->path && rows->partial && rows->journal_path ? BERG_OK : BERG_ELIMIT;
}

/* Left by a run that was killed while it started or finished. */
static void clear_left(const io_rows *rows) {
  io_whole_file_clear(rows->journal_path);
  io_whole_file_clear(rows->path);
}

static berg_status begin(io_rows *rows, const char *path, const char *fingerprint, bool resume, berg_error *error) {
  berg_status status = make_names(rows, path, error);
  if (!status) status = check_places(rows, rows->force, resume, error);
  if (status) return status;
  struct stat about;
  bool is_there = !lstat(rows->partial, &about);
  status = resume && is_there ? go_on(rows, fingerprint, error) : start(rows, fingerprint, is_there, error);
  if (!status && is_there) clear_left(rows);
  return status;
}

static berg_status check_columns(const char *path, const size_t *shape, size_t ndim, size_t *columns,
                                 berg_error *error) {
  size_t row_bytes = 0;
  bool fits = ndim && ndim <= IO_ROW_DIMS_MAX;
  *columns = 1;
  for (size_t d = 0; d < ndim && fits; d++) fits = base_multiply(*columns, shape[d], columns);
  if (!fits) *columns = SIZE_MAX;
  if (!*columns || !base_multiply(*columns, sizeof(float), &row_bytes) || row_bytes > INT64_MAX / 2)
    return base_fail(error, BERG_EARGUMENT, "%s: rows of %zu columns cannot be written", path, *columns);
  return BERG_OK;
}

/* The fingerprint, and the shape where `columns` in the journal does not say it. NULL: ELIMIT. */
static char *name_run(const char *fingerprint, const size_t *shape, size_t ndim, berg_error *error) {
  char text[IO_ROW_DIMS_MAX * 24] = "";
  for (size_t d = 0, used = 0; ndim > 1 && d < ndim; d++)
    used += (size_t)base_print(text + used, sizeof text - used, "%s%zu", d ? " x " : ", rows of ", shape[d]);
  return base_format(error, "%s%s", fingerprint, text);
}

static berg_status start_or_go_on(io_rows *rows, const char *path, const char *fingerprint, bool resume,
                                  berg_error *error) {
  char *run = name_run(fingerprint, rows->shape + 1, rows->ndim - 1, error);
  if (!run) return BERG_ELIMIT;
  berg_status status =
      strlen(run) > IO_JOURNAL_FINGERPRINT_MAX || strchr(run, '\n')
          ? base_fail(error, BERG_EARGUMENT, "%s: the fingerprint of a run is one line of at most %d bytes", path,
                      IO_JOURNAL_FINGERPRINT_MAX)
          : begin(rows, path, run, resume, error);
  base_free(run);
  return status;
}

berg_status io_rows_open_shaped(io_rows **out, const char *path, const size_t *shape, size_t ndim,
                                const char *fingerprint, bool force, bool resume, size_t *done, berg_error *error) {
  size_t columns;
  *out = NULL;
  *done = 0;
  berg_status status = io_rows_check_name(path, error);
  if (!status) status = check_columns(path, shape, ndim, &columns, error);
  if (status) return status;
  io_rows *rows = base_calloc(1, sizeof *rows, error);
  if (!rows) return BERG_ELIMIT;
  rows->data = rows->journal = -1;
  rows->force = force;
  memcpy(rows->shape + 1, shape, ndim * sizeof *shape);
  rows->ndim = ndim + 1;
  rows->columns = columns;
  rows->row_bytes = columns * sizeof(float);
  rows->header_bytes = io_npy_write_header(NULL, 0, BERG_F32, sizeof(float), rows->shape, rows->ndim);
  status = start_or_go_on(rows, path, fingerprint, resume, error);
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

berg_status io_rows_fail_write(const io_rows *rows, int number, berg_error *error) {
  char what[96];
  base_print(what, sizeof what, "cannot be written (%zu rows are safe and can be resumed)",
             io_ranges_total(&rows->safe));
  return base_fail_errno(error, BERG_EWRITE, rows->partial, what, number);
}

/* The incomplete rows are dropped and those of earlier calls made safe: a full disk still accepts writes in place. */
static berg_status tear_off(io_rows *rows, int number, berg_error *error) {
  if (!ftruncate(rows->data, row_offset(rows, io_ranges_end(&rows->written)))) io_rows_sync(rows);
  return io_rows_fail_write(rows, number, error);
}

static bool write_pieces(const io_rows *rows, size_t first, const float *data, size_t width, size_t stride,
                         size_t count) {
  const size_t floats = count * rows->columns, together = width == stride ? floats : width;
  uint64_t offset = (uint64_t)row_offset(rows, first);
  for (size_t at = 0; at < floats; at += together, data += stride, offset += together * sizeof *data)
    if (!io_write_at(rows->data, data, together * sizeof *data, offset)) return false;
  return true;
}

static berg_status put(io_rows *rows, size_t first, const float *data, size_t width, size_t stride, size_t count,
                       berg_error *error) {
  const size_t most = ((size_t)INT64_MAX - rows->header_bytes) / rows->row_bytes;
  io_ranges written = rows->written;
  if (first > most || count > most - first) return io_rows_fail_write(rows, EFBIG, error);
  if (!io_ranges_add(&written, first, first + count))
    return base_fail(error, BERG_EARGUMENT, "%s: rows in more than %d places apart", rows->partial, IO_RANGES);
  if (!write_pieces(rows, first, data, width, stride, count)) return tear_off(rows, errno, error);
  rows->written = written;
  if (now() - rows->synced_at >= SECONDS_BETWEEN_SYNCS && !io_rows_sync(rows))
    return io_rows_fail_write(rows, errno, error);
  return BERG_OK;
}

berg_status io_rows_put(io_rows *rows, size_t first, const float *data, size_t count, berg_error *error) {
  return put(rows, first, data, rows->columns, rows->columns, count, error);
}

berg_status io_rows_append(io_rows *rows, const float *data, size_t count, berg_error *error) {
  return io_rows_put(rows, io_ranges_end(&rows->written), data, count, error);
}

berg_status io_rows_append_pieces(io_rows *rows, const float *data, size_t width, size_t stride, size_t count,
                                  berg_error *error) {
  return put(rows, io_ranges_end(&rows->written), data, width, stride, count, error);
}

const io_ranges *io_rows_done(const io_rows *rows) { return &rows->written; }

void io_rows_discard(io_rows *rows) { rows->written = rows->safe = (io_ranges){.count = 0}; }

void io_rows_free(io_rows *rows, berg_error *error) {
  if (!rows) return;
  if (rows->begun && rows->data >= 0) io_rows_sync(rows);
  /* A run that failed before its first row leaves nothing to resume, and must not keep the next one from starting. */
  if (rows->begun && rows->data >= 0 && !rows->written.count) {
    io_remove_left(rows->journal_path, error);
    io_remove_left(rows->partial, error);
  }
  if (rows->data >= 0) close(rows->data);
  if (rows->journal >= 0) close(rows->journal);
  base_free(rows->path);
  base_free(rows->partial);
  base_free(rows->journal_path);
  base_free(rows);
}
