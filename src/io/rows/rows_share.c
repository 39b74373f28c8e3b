/* Rows of one file by several processes. Each has a journal of its own beside the file's,
 *
 *     <path>.partial.journal-<row>
 *
 * named by the first row of its share, which says one range from there on. Whoever opens the file next, in however many
 * processes, takes all of them together; they are removed with the partial file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/file/journal.h"
#include "io/file/listing.h"
#include "io/file/whole_file.h"
#include "io/rows/rows_file.h"

typedef berg_status (*visitor)(void *user, const char *path, berg_error *error);

/* Where the journal is a share's. */
static bool is_share(const char *name, const char *start) {
  const size_t length = strlen(start);
  return !strncmp(name, start, length) && name[length] == '-';
}

/* Calls `visit` for each, where the folder may be looked into; `temporary`: and for what killed writers left. */
static berg_status each_share(const io_rows *rows, bool temporary, visitor visit, void *user, berg_error *error) {
  const char *slash = strrchr(rows->journal_path, '/');
  const char *start = slash ? slash + 1 : rows->journal_path;
  char *folder = slash ? base_copy_bytes(rows->journal_path, (size_t)(start - rows->journal_path), error)
                       : base_copy_text("./", error);
  if (!folder) return BERG_ELIMIT;
  io_listing files;
  berg_status status = io_listing_open(&files, folder, IO_LISTING_MAY_MISS | IO_LISTING_MAY_HIDE, BERG_EWRITE, error);
  for (const char *name; (name = io_listing_next(&files, &status, error));) {
    if (!is_share(name + (temporary && *name == '.'), start)) continue;
    char *path = base_format(error, "%s%s", folder, name);
    status = path ? visit(user, path, error) : BERG_ELIMIT;
    base_free(path);
  }
  io_listing_close(&files);
  base_free(folder);
  return status;
}

static berg_status read_share(void *user, const char *path, berg_error *error) {
  io_rows *rows = user;
  io_ranges noted;
  int journal;
  berg_status status = io_journal_open(&journal, path, rows->columns, rows->run, &noted, error);
  if (status) return status;
  close(journal);
  rows->has_shares = true;
  for (size_t i = 0; i < noted.count; i++)
    io_ranges_add(&rows->written, noted.list[i].first, noted.list[i].end); /* too many apart: those are made again */
  return BERG_OK;
}

berg_status io_rows_read_shares(io_rows *rows, berg_error *error) {
  return each_share(rows, false, read_share, rows, error);
}

static berg_status remove_share(void *user, const char *path, berg_error *error) {
  (void)user;
  return io_remove_file(path, error);
}

berg_status io_rows_remove_shares(const io_rows *rows, berg_error *error) {
  return each_share(rows, true, remove_share, NULL, error);
}

static berg_status note_one(void *user, const char *path, berg_error *error) {
  (void)path, (void)error;
  *(bool *)user = true;
  return BERG_OK;
}

bool io_rows_have_shares(const io_rows *rows) {
  bool have = false;
  each_share(rows, false, note_one, &have, NULL);
  return have;
}

/* --- A share --- */

/* The file's own journal is read as any other's, and belongs to the process that has the file. */
static berg_status join(io_rows *rows, berg_error *error) {
  rows->is_guest = true;
  rows->data = open(rows->partial, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  if (rows->data < 0) return base_fail_errno(error, BERG_EWRITE, rows->partial, "cannot be written", errno);
  berg_status status = read_share(rows, rows->journal_path, error);
  if (!status) status = io_rows_read_shares(rows, error);
  base_free(rows->journal_path);
  rows->journal_path = NULL;
  return status;
}

berg_status io_rows_join(io_rows **out, const char *path, const size_t *shape, size_t ndim, const char *fingerprint,
                         berg_error *error) {
  berg_status status;
  *out = NULL;
  io_rows *rows = io_rows_new(path, shape, ndim, fingerprint, &status, error);
  if (!rows) return status;
  status = join(rows, error);
  if (status)
    io_rows_free(rows, error);
  else
    *out = rows;
  return status;
}

berg_status io_rows_begin_share(io_rows *rows, size_t first, berg_error *error) {
  rows->is_shared = true;
  if (!rows->is_guest) return BERG_OK;
  rows->journal_path = base_format(error, "%s.journal-%zu", rows->partial, first);
  if (!rows->journal_path) return BERG_ELIMIT;
  return io_journal_create(&rows->journal, rows->journal_path, rows->columns, rows->run, error);
}

/* A journal of no rows goes: what failed before its first row leaves nothing. */
berg_status io_rows_end_share(io_rows *rows, berg_error *error) {
  if (!rows->is_shared || rows->journal < 0) return BERG_OK;
  if (rows->is_guest && !rows->own.count) return io_remove_file(rows->journal_path, error);
  if (io_rows_sync(rows)) return BERG_OK;
  return base_fail_errno(error, BERG_EWRITE, rows->partial, "cannot be written", errno);
}

berg_status io_rows_unite(io_rows *rows, berg_error *error) {
  return rows->is_shared ? io_rows_read_shares(rows, error) : BERG_OK;
}
