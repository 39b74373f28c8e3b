/* Reading features out of one file or many. */
#include "train/pca/store_read.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/file/journal.h"
#include "train/pca/store_layout.h"

#define READ_ROWS 32 /* half a megabyte */
/* More are opened for each read: a process may hold a thousand. */
#define KEPT_OPEN 256

/* Rows that are read out of one file. */
typedef struct segment {
  size_t first, end, file;
} segment;

struct train_store_reader {
  const train_store_file *files;
  size_t count, rows;
  int *open; /* [count] descriptors; -1: opened when it is read */
  segment *segments;
  size_t segment_count;
  uint64_t *sums; /* [rows] of the panel that is read */
};

/* --- One file --- */

static int open_file(const train_store_file *file) { return open(file->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC); }

static berg_status read_at(const train_store_file *file, int from, void *to, size_t bytes, off_t offset,
                           berg_error *error) {
  char *next = to;
  while (bytes) {
    ssize_t got = pread(from, next, bytes < INT_MAX ? bytes : INT_MAX, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base_fail_errno(error, BERG_EINPUT, file->path, "cannot be read", errno);
    if (!got) return base_fail(error, BERG_EINPUT, "%s: was cut short while it was read", file->path);
    next += got;
    offset += got;
    bytes -= (size_t)got;
  }
  return BERG_OK;
}

/* Those rows are no longer safe: whoever goes on computes them again. */
static berg_status note_changed(const train_store_file *file, const io_ranges *changed, berg_error *error) {
  io_ranges safe;
  int journal;
  berg_status status = io_journal_open(&journal, file->journal, VIT_LAYERS * file->tokens * VIT_CHANNELS,
                                       file->fingerprint, &safe, error);
  if (status) return status;
  for (size_t i = 0; i < changed->count; i++) io_ranges_remove(&safe, changed->list[i].first, changed->list[i].end);
  if (!io_journal_note(journal, &safe))
    status = base_fail_errno(error, BERG_EWRITE, file->journal, "cannot be written", errno);
  close(journal);
  return status;
}

static berg_status fail_changed(const train_store_file *file, size_t row, berg_error *error) {
  const io_ranges changed = {.list = {{row, row + 1}}, .count = 1};
  berg_status status = note_changed(file, &changed, error);
  if (status) return status;
  return base_fail(error, BERG_EINPUT,
                   "%s: the features of image %zu (from 0) are not what was written: --resume computes them again",
                   file->path, row);
}

/* A few rows at a time, whose checksums, `sums`, are compared while they are in the cache. `to`: for all of them, or
 * with `changed`, which gets those that differ, for READ_ROWS. */
static berg_status read_rows(const train_store_file *file, int from, size_t panel, io_range rows, const uint64_t *sums,
                             float *to, io_ranges *changed, berg_error *error) {
  const size_t width = train_store_width(file->tokens);
  berg_status status = BERG_OK;
  for (size_t row = rows.first, next; row < rows.end && !status; row = next) {
    next = row + READ_ROWS < rows.end ? row + READ_ROWS : rows.end;
    float *at = changed ? to : to + (row - rows.first) * width;
    status = read_at(file, from, at, (next - row) * width * sizeof *to, store_offset(file, panel, row), error);
    for (size_t i = row; i < next && !status; i++) {
      if (store_sum(file, panel, i, at + (i - row) * width) == sums[i - rows.first]) continue;
      if (changed)
        io_ranges_add(changed, i, i + 1);
      else
        status = fail_changed(file, i, error);
    }
  }
  return status;
}

/* --- Checking one file --- */

static berg_status check_rows(const train_store_file *file, int from, io_range rows, io_ranges *changed,
                              berg_error *error) {
  const size_t panels = store_panels(file->tokens), count = rows.end - rows.first;
  uint64_t *sums = base_alloc(count, sizeof *sums, error);
  float *buffer = base_alloc_large(READ_ROWS * train_store_width(file->tokens), sizeof *buffer, error);
  berg_status status = sums && buffer ? BERG_OK : BERG_ELIMIT;
  for (size_t panel = 0; panel < panels && !status; panel++) {
    status = read_at(file, from, sums, count * sizeof *sums, store_offset_of_sum(file, panel, rows.first), error);
    if (!status) status = read_rows(file, from, panel, rows, sums, buffer, changed, error);
  }
  base_free(sums);
  base_free_large(buffer);
  return status;
}

berg_status train_store_check(const train_store_file *file, io_ranges *changed, berg_error *error) {
  io_ranges safe;
  *changed = (io_ranges){.count = 0};
  berg_status status = train_store_find(file, &safe, NULL, error);
  if (status || !safe.count) return status;
  int from = open_file(file);
  if (from < 0) return base_fail_errno(error, BERG_EINPUT, file->path, "cannot be opened", errno);
  for (size_t i = 0; i < safe.count && !status; i++) status = check_rows(file, from, safe.list[i], changed, error);
  close(from);
  return status || !changed->count ? status : note_changed(file, changed, error);
}

/* --- Several --- */

/* The file that holds row `first` safe, and the most rows behind it. */
static segment find_segment(const io_ranges *safe, size_t count, size_t first) {
  segment found = {first, first, 0};
  for (size_t f = 0; f < count; f++)
    for (size_t i = 0; i < safe[f].count; i++) {
      const io_range range = safe[f].list[i];
      if (range.first <= first && range.end > found.end) found.end = range.end, found.file = f;
    }
  return found;
}

/* Each takes up a range of a file, to its end: there are no more than ranges. */
static berg_status find_segments(train_store_reader *reader, const io_ranges *safe, berg_error *error) {
  size_t most = 0;
  for (size_t f = 0; f < reader->count; f++) most += safe[f].count;
  reader->segments = base_alloc(most, sizeof *reader->segments, error);
  if (!reader->segments) return BERG_ELIMIT;
  for (size_t row = 0; row < reader->rows;) {
    const segment next = find_segment(safe, reader->count, row);
    if (next.end == row)
      return base_fail(error, BERG_EINPUT, "%s: lacks image %zu of %zu", reader->files->path, row, reader->rows);
    reader->segments[reader->segment_count++] = next;
    row = next.end;
  }
  return BERG_OK;
}

static berg_status open_files(train_store_reader *reader, berg_error *error) {
  for (size_t f = 0; f < reader->count; f++) {
    const train_store_file *file = &reader->files[f];
    reader->open[f] = -1;
    if (f >= KEPT_OPEN) continue;
    reader->open[f] = open_file(file);
    if (reader->open[f] < 0 && errno != ENOENT)
      return base_fail_errno(error, BERG_EINPUT, file->path, "cannot be opened", errno);
  }
  return BERG_OK;
}

static berg_status find_all(train_store_reader *reader, berg_error *error) {
  io_ranges *safe = base_calloc(reader->count, sizeof *safe, error);
  berg_status status = safe ? BERG_OK : BERG_ELIMIT;
  for (size_t f = 0; f < reader->count && !status; f++)
    status = train_store_find(&reader->files[f], &safe[f], NULL, error);
  if (!status) status = find_segments(reader, safe, error);
  base_free(safe);
  return status;
}

berg_status train_store_reader_open(train_store_reader **out, const train_store_file *files, size_t count, size_t rows,
                                    berg_error *error) {
  *out = NULL;
  train_store_reader *reader = base_calloc(1, sizeof *reader, error);
  if (!reader) return BERG_ELIMIT;
  reader->files = files;
  reader->rows = rows;
  reader->open = base_alloc(count, sizeof *reader->open, error);
  reader->sums = base_alloc(rows, sizeof *reader->sums, error);
  berg_status status = reader->open && reader->sums ? BERG_OK : BERG_ELIMIT;
  if (!status) reader->count = count;
  if (!status) status = open_files(reader, error);
  if (!status) status = find_all(reader, error);
  if (status)
    train_store_reader_close(reader);
  else
    *out = reader;
  return status;
}

void train_store_reader_close(train_store_reader *reader) {
  if (!reader) return;
  for (size_t f = 0; f < reader->count; f++)
    if (reader->open[f] >= 0) close(reader->open[f]);
  base_free(reader->open);
  base_free(reader->segments);
  base_free(reader->sums);
  base_free(reader);
}

/* --- Panels --- */

/* A descriptor of the file, which let_go takes back. EINPUT. */
static berg_status take_file(const train_store_reader *reader, size_t index, int *from, berg_error *error) {
  const train_store_file *file = &reader->files[index];
  *from = reader->open[index] >= 0 ? reader->open[index] : open_file(file);
  return *from < 0 ? base_fail_errno(error, BERG_EINPUT, file->path, "cannot be opened", errno) : BERG_OK;
}

static void let_go(const train_store_reader *reader, size_t index, int from) {
  if (from >= 0 && reader->open[index] < 0) close(from);
}

static berg_status read_sums(const train_store_reader *reader, size_t panel, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t i = 0; i < reader->segment_count && !status; i++) {
    const segment *at = &reader->segments[i];
    const train_store_file *file = &reader->files[at->file];
    int from;
    status = take_file(reader, at->file, &from, error);
    if (!status)
      status = read_at(file, from, reader->sums + at->first, (at->end - at->first) * sizeof *reader->sums,
                       store_offset_of_sum(file, panel, at->first), error);
    let_go(reader, at->file, from);
  }
  return status;
}

static berg_status read_piece(const train_store_reader *reader, size_t panel, io_range rows, size_t index, float *to,
                              berg_error *error) {
  int from;
  berg_status status = take_file(reader, index, &from, error);
  if (!status) status = read_rows(&reader->files[index], from, panel, rows, reader->sums + rows.first, to, NULL, error);
  let_go(reader, index, from);
  return status;
}

/* Rows that follow one another in a file are read together. */
static berg_status read_panel(void *user, size_t panel, float *to, berg_error *error) {
  const train_store_view *view = user;
  const train_store_reader *reader = view->reader;
  const segment *at = reader->segments;
  const size_t width = train_store_width(reader->files->tokens);
  berg_status status = read_sums(reader, panel, error);
  for (size_t first = 0, end; first < view->count && !status; first = end) {
    while (view->rows[first] >= at->end) at++;
    for (end = first + 1; end < view->count && view->rows[end] == view->rows[end - 1] + 1 && view->rows[end] < at->end;)
      end++;
    const io_range rows = {view->rows[first], view->rows[first] + end - first};
    status = read_piece(reader, panel, rows, at->file, to + first * width, error);
  }
  return status;
}

train_panels train_store_panels(train_store_view *view) {
  const size_t tokens = view->reader->files->tokens;
  return (train_panels){.rows = view->count,
                        .columns = VIT_LAYERS * tokens * VIT_CHANNELS,
                        .width = train_store_width(tokens),
                        .read = read_panel,
                        .user = view};
}
