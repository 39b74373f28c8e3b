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
  if (io_ranges_same(&rows->safe, &rows->own)) return true;
  if (fdatasync(rows->data) || (!rows->is_guest && !write_header(rows, io_ranges_before(&rows->written))) ||
      !io_journal_note(rows->journal, &rows->own))
    return false;
  rows->safe = rows->own;
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
 * belongs to another run too. For writing alone: a file that is read, too, NFS may write by whole pages, with
 * what other machines have written to them meanwhile as it was before. */
static berg_status open_partial(io_rows *rows, int flags, berg_error *error) {
  rows->data = open(rows->partial, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | flags, 0666);
  if (rows->data < 0 && errno != (flags & O_EXCL ? EEXIST : ENOENT)) return io_fail_place(rows->partial, error);
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
  io_remove_left(rows->partial, error);
  return status;
}

/* Of rows that have become a file and are gone: one that is not there any more is made again, and so is another that
 * may be replaced. */
static berg_status take_settled(io_rows *rows, const io_placed *noted, berg_error *error) {
  const io_placed now = io_rows_placed_now(rows);
  if (now.size == noted->size && now.time == noted->time) {
    rows->placed = rows->settled = true;
    rows->written = rows->own = rows->safe;
    return BERG_OK;
  }
  if (rows->placed) return io_check_output(rows->path, false, error);
  close(rows->journal);
  rows->journal = -1;
  rows->written = rows->own = rows->safe = (io_ranges){.count = 0};
  return start(rows, true, error);
}

static berg_status go_on(io_rows *rows, berg_error *error) {
  size_t bytes = 0;
  struct stat about;
  io_placed noted;
  berg_status status = open_partial(rows, 0, error);
  if (status) return status;
  if (fstat(rows->data, &about)) return base_fail_errno(error, BERG_EINPUT, rows->partial, "cannot be examined", errno);
  const bool no_rows = about.st_size <= (off_t)rows->header_bytes, no_journal = access(rows->journal_path, F_OK);
  if (rows->placed && no_journal) return end_clearing(rows, error);
  if (no_journal && (no_rows || rows->force)) return start(rows, true, error);
  status =
      io_journal_open_placed(&rows->journal, rows->journal_path, rows->columns, rows->run, &rows->safe, &noted, error);
  if (status) return status;
  if (noted.size) return take_settled(rows, &noted, error);
  if (rows->placed && no_rows) return io_check_output(rows->path, false, error);
  rows->written = rows->own = rows->safe;
  status = io_rows_read_shares(rows, error);
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
  if (!io_rows_cut(rows, bytes, io_ranges_before(&rows->written)))
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

berg_status io_rows_fail_write(const io_rows *rows, int number, berg_error *error) {
  char what[96];
  base_print(what, sizeof what, "cannot be written (%zu rows are safe and can be resumed)",
             io_ranges_total(&rows->safe));
  return base_fail_errno(error, BERG_EWRITE, rows->partial, what, number);
}

/* The incomplete rows are dropped and those of earlier calls made safe: a full disk still accepts writes in place.
 * Where others write behind them they stay, and no journal has them. */
static berg_status tear_off(io_rows *rows, int number, berg_error *error) {
  if (rows->is_shared || !ftruncate(rows->data, row_offset(rows, io_ranges_end(&rows->written)))) io_rows_sync(rows);
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
  if (first > most || count > most - first) return io_rows_fail_write(rows, EFBIG, error);
  if (!io_ranges_add(&written, first, first + count) || !note(rows, &own, first, first + count))
    return base_fail(error, BERG_EARGUMENT, "%s: rows in more than %d places apart", rows->partial, IO_JOURNAL_RANGES);
  if (!write_pieces(rows, first, data, width, stride, count)) return tear_off(rows, errno, error);
  rows->written = written;
  rows->own = own;
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

berg_status io_rows_put_pieces(io_rows *rows, size_t first, const float *data, size_t width, size_t stride,
                               size_t count, berg_error *error) {
  return put(rows, first, data, width, stride, count, error);
}

const io_ranges *io_rows_done(const io_rows *rows) { return &rows->written; }

void io_rows_discard(io_rows *rows) { rows->written = rows->own = (io_ranges){.count = 0}; }

/* A run that failed before its first row leaves nothing to resume, and must not keep the next one from starting. */
static bool is_empty(const io_rows *rows) {
  if (!rows->begun || rows->is_guest || rows->data < 0 || rows->written.count) return false;
  return !io_rows_have_shares(rows);
}

berg_status io_rows_keep(io_rows *rows, berg_error *error) {
  return io_rows_sync(rows) ? BERG_OK : io_rows_fail_write(rows, errno, error);
}

void io_rows_free(io_rows *rows, berg_error *error) {
  if (!rows) return;
  if ((rows->begun || rows->is_guest) && rows->data >= 0 && rows->journal >= 0) io_rows_sync(rows);
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
