/* The store of features: written by blocks of the network, read by panels. */
#define _GNU_SOURCE /* fallocate, pwritev */
#include "train/pca/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/checksum.h"
#include "base/memory.h"
#include "base/thread.h"
#include "base/text.h"
#include "io/file/folders.h"
#include "io/file/journal.h"
#include "io/file/whole_file.h"

/* Linux takes 1,024 pieces in one call. */
#define PIECES 512
#define READ_ROWS 32 /* half a megabyte */

struct train_store {
  char *path, *journal_path;
  int file, journal;
  size_t rows, tokens, width;
  uint64_t *sums;    /* [rows] of the panel that is read; NULL while it is written */
  atomic_int failed; /* errno of the first write that failed */

  /* The keeper makes rows safe while the next ones are computed. */
  base_thread keeper;
  pthread_mutex_t guard;
  pthread_cond_t changed;
  bool open, closing;
  io_ranges written, safe; /* rows */
};

size_t train_store_width(size_t tokens) { return (tokens < STORE_TOKENS ? tokens : STORE_TOKENS) * VIT_CHANNELS; }

uint64_t train_store_bytes(size_t rows, size_t tokens) {
  const uint64_t features = VIT_LAYERS * tokens * VIT_CHANNELS;
  return rows * (features * sizeof(float) + features / train_store_width(tokens) * sizeof(uint64_t));
}

static off_t offset_of(const train_store *store, size_t panel, size_t row) {
  return (off_t)((panel * store->rows + row) * store->width * sizeof(float));
}

/* Checksums lie behind the last panel, in the panels' order. */
static off_t offset_of_sum(const train_store *store, size_t panel, size_t row) {
  const size_t panels = VIT_LAYERS * store->tokens * VIT_CHANNELS / store->width;
  return offset_of(store, panels, 0) + (off_t)((panel * store->rows + row) * sizeof(uint64_t));
}

/* Of one image in one panel, and of its place. */
static uint64_t sum_of(const train_store *store, size_t panel, size_t row, const float *features) {
  const uint64_t place[] = {panel, row};
  return base_checksum_short(features, store->width * sizeof *features) ^ base_checksum_short(place, sizeof place);
}

/* --- Opening --- */

/* Reserves all bytes at once, so that a run does not fail after an hour on a full disk. File systems that cannot
 * reserve space get a sparse file. */
static berg_status allocate(const train_store *store, uint64_t bytes, berg_error *error) {
  if (!fallocate(store->file, 0, 0, (off_t)bytes)) return BERG_OK;
  int number = errno;
  uint64_t room = io_disk_free(store->path);
  if (number == ENOSPC || number == EDQUOT || number == EFBIG || (number == EOPNOTSUPP && room < bytes)) {
    char expected[64];
    base_print(expected, sizeof expected, "%llu bytes on the disk", (unsigned long long)bytes);
    return base_fail_found(error, BERG_ELIMIT, store->path, "the features do not fit", expected, "%llu",
                           (unsigned long long)room);
  }
  if (number == EOPNOTSUPP && !ftruncate(store->file, (off_t)bytes)) return BERG_OK;
  return base_fail_errno(error, BERG_EWRITE, store->path, "cannot be written", number);
}

static berg_status start(train_store *store, const char *fingerprint, uint64_t bytes, berg_error *error) {
  const char *journal = store->journal_path;
  berg_status status = io_remove_file(journal, error); /* first: none may describe rows of another store */
  if (!status) status = io_remove_file(store->path, error);
  if (status) return status;
  store->file = open(store->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (store->file < 0) return base_fail_errno(error, BERG_EWRITE, store->path, "cannot be written", errno);
  status = allocate(store, bytes, error);
  if (!status)
    status = io_journal_create(&store->journal, journal, VIT_LAYERS * store->tokens * VIT_CHANNELS, fingerprint, error);
  if (status) io_remove_left(store->path, error);
  return status;
}

static berg_status go_on(train_store *store, const char *fingerprint, uint64_t bytes, berg_error *error) {
  struct stat about;
  berg_status status = io_journal_open(&store->journal, store->journal_path, VIT_LAYERS * store->tokens * VIT_CHANNELS,
                                       fingerprint, &store->safe, error);
  if (status) return status;
  store->file = open(store->path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (store->file < 0 || fstat(store->file, &about))
    return base_fail_errno(error, BERG_EINPUT, store->path, "cannot be opened", errno);
  if ((uint64_t)about.st_size == bytes && io_ranges_end(&store->safe) <= store->rows) return BERG_OK;
  char expected[96];
  base_print(expected, sizeof expected, "%llu bytes for %zu images", (unsigned long long)bytes, store->rows);
  return base_fail_found(error, BERG_EINPUT, store->path, "does not fit its journal", expected,
                         "%lld bytes, %zu images done", (long long)about.st_size, io_ranges_end(&store->safe));
}

/* What is written becomes safe; the guard is held before and after, not meanwhile. */
static void make_safe(train_store *store) {
  const io_ranges goal = store->written;
  pthread_mutex_unlock(&store->guard);
  bool noted = !fdatasync(store->file) && io_journal_note(store->journal, &goal);
  int number = noted ? 0 : errno;
  pthread_mutex_lock(&store->guard);
  if (noted)
    store->safe = goal;
  else
    store->failed = number;
  pthread_cond_broadcast(&store->changed);
}

static bool is_safe(const train_store *store) { return io_ranges_same(&store->safe, &store->written); }

static void *keep(void *user) {
  train_store *store = user;
  pthread_mutex_lock(&store->guard);
  while (!store->failed && !(store->closing && is_safe(store))) {
    if (is_safe(store))
      pthread_cond_wait(&store->changed, &store->guard);
    else
      make_safe(store);
  }
  pthread_mutex_unlock(&store->guard);
  return NULL;
}

/* If no thread can be made, the caller makes rows safe after each batch. */
static void start_keeper(train_store *store) {
  pthread_mutex_init(&store->guard, NULL); /* cannot fail with default attributes on Linux */
  pthread_cond_init(&store->changed, NULL);
  base_thread_start(&store->keeper, keep, store);
  store->open = true;
}

static berg_status make(train_store **out, const char *path, const char *journal, size_t rows, size_t tokens,
                        berg_error *error) {
  train_store *store = *out = base_calloc(1, sizeof *store, error);
  if (!store) return BERG_ELIMIT;
  store->file = store->journal = -1;
  store->rows = rows;
  store->tokens = tokens;
  store->width = train_store_width(tokens);
  store->path = base_copy_text(path, error);
  store->journal_path = base_copy_text(journal, error);
  return store->path && store->journal_path ? BERG_OK : BERG_ELIMIT;
}

berg_status train_store_open(train_store **out, const char *path, const char *journal, const char *fingerprint,
                             size_t rows, size_t tokens, io_ranges *done, berg_error *error) {
  train_store *store;
  const uint64_t bytes = train_store_bytes(rows, tokens);
  bool is_there = !access(path, F_OK) && !access(journal, F_OK);
  *out = NULL;
  *done = (io_ranges){.count = 0};
  berg_status status = make(&store, path, journal, rows, tokens, error);
  if (!status) status = is_there ? go_on(store, fingerprint, bytes, error) : start(store, fingerprint, bytes, error);
  if (status) {
    train_store_close(store, error);
    return status;
  }
  store->written = *done = store->safe;
  start_keeper(store);
  *out = store;
  return BERG_OK;
}

berg_status train_store_open_whole(train_store **out, const char *path, const char *journal, const char *fingerprint,
                                   size_t rows, size_t tokens, berg_error *error) {
  train_store *store;
  *out = NULL;
  berg_status status = make(&store, path, journal, rows, tokens, error);
  if (!status) status = go_on(store, fingerprint, train_store_bytes(rows, tokens), error);
  if (!status && !(store->sums = base_alloc(rows, sizeof *store->sums, error))) status = BERG_ELIMIT;
  if (!status && io_ranges_before(&store->safe) < rows)
    status = base_fail(error, BERG_EINPUT, "%s: lacks image %zu of %zu", path, io_ranges_before(&store->safe), rows);
  if (status)
    train_store_close(store, error);
  else
    *out = store;
  return status;
}

void train_store_close(train_store *store, berg_error *error) {
  if (!store) return;
  if (store->open) {
    if (base_thread_is_here(&store->keeper)) {
      pthread_mutex_lock(&store->guard);
      store->closing = true;
      pthread_cond_broadcast(&store->changed);
      pthread_mutex_unlock(&store->guard);
      base_thread_join(&store->keeper);
      pthread_mutex_destroy(&store->guard);
      pthread_cond_destroy(&store->changed);
    }
    /* without a single image there is nothing to resume, and files would only stop the next run from starting */
    if (!store->safe.count) {
      io_remove_left(store->journal_path, error);
      io_remove_left(store->path, error);
    }
  }
  if (store->file >= 0) close(store->file);
  if (store->journal >= 0) close(store->journal);
  base_free(store->sums);
  base_free(store->path);
  base_free(store->journal_path);
  base_free(store);
}

/* --- Writing --- */

/* Whole pieces go first; what a short write cuts is finished by itself. */
static bool write_pieces(int file, struct iovec *pieces, int count, off_t offset) {
  while (count) {
    ssize_t written = pwritev(file, pieces, count, offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      if (!written) errno = ENOSPC;
      return false;
    }
    offset += written;
    for (; count && (size_t)written >= pieces->iov_len; pieces++, count--) written -= (ssize_t)pieces->iov_len;
    if (count) {
      pieces->iov_base = (char *)pieces->iov_base + written;
      pieces->iov_len -= (size_t)written;
    }
  }
  return true;
}

static void write_panel(train_store *store, const model_part *part, size_t layer, size_t segment, const float *tokens) {
  const size_t panel = layer * (store->tokens / (store->width / VIT_CHANNELS)) + segment;
  struct iovec pieces[PIECES];
  uint64_t sums[PIECES];
  for (size_t first = 0; first < part->images; first += PIECES) {
    const size_t count = part->images - first < PIECES ? part->images - first : PIECES, row = part->indices[0] + first;
    for (size_t i = 0; i < count; i++) {
      const float *from = tokens + (first + i) * VIT_LAYER_FEATURES + segment * store->width;
      pieces[i] = (struct iovec){(void *)(uintptr_t)from, store->width * sizeof *from};
      sums[i] = sum_of(store, panel, row + i, from);
    }
    struct iovec beside = {sums, count * sizeof *sums};
    if (!write_pieces(store->file, pieces, (int)count, offset_of(store, panel, row)) ||
        !write_pieces(store->file, &beside, 1, offset_of_sum(store, panel, row)))
      store->failed = errno;
  }
}

typedef struct block {
  train_store *store;
  const model_part *part;
  size_t layer;
  const float *tokens;
} block;

static void write_piece(void *user, size_t segment, size_t rank) {
  const block *b = user;
  (void)rank;
  write_panel(b->store, b->part, b->layer, segment, b->tokens);
}

void train_store_take_block(void *user, base_team *team, const model_part *part, size_t layer, const float *tokens) {
  train_store *store = user;
  base_team_share(team, store->tokens * VIT_CHANNELS / store->width, write_piece, &(block){store, part, layer, tokens});
}

static berg_status fail_write(train_store *store, berg_error *error) {
  char what[96];
  pthread_mutex_lock(&store->guard);
  base_print(what, sizeof what, "cannot be written (%zu images are safe and can be resumed)",
             io_ranges_total(&store->safe));
  pthread_mutex_unlock(&store->guard);
  return base_fail_errno(error, BERG_EWRITE, store->path, what, store->failed);
}

berg_status train_store_taken(train_store *store, size_t first, size_t end, berg_error *error) {
  if (store->failed) return fail_write(store, error);
  pthread_mutex_lock(&store->guard);
  const bool fits = io_ranges_add(&store->written, first, end);
  if (base_thread_is_here(&store->keeper))
    pthread_cond_broadcast(&store->changed);
  else
    make_safe(store);
  pthread_mutex_unlock(&store->guard);
  if (store->failed) return fail_write(store, error);
  return fits ? BERG_OK
              : base_fail(error, BERG_EARGUMENT, "%s: images in more than %d places apart", store->path, IO_RANGES);
}

berg_status train_store_settle(train_store *store, berg_error *error) {
  pthread_mutex_lock(&store->guard);
  while (!store->failed && !is_safe(store)) pthread_cond_wait(&store->changed, &store->guard);
  pthread_mutex_unlock(&store->guard);
  return store->failed ? fail_write(store, error) : BERG_OK;
}

/* --- Reading --- */

static berg_status read_at(const train_store *store, void *to, size_t bytes, off_t offset, berg_error *error) {
  char *next = to;
  while (bytes) {
    ssize_t got = pread(store->file, next, bytes < INT_MAX ? bytes : INT_MAX, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base_fail_errno(error, BERG_EINPUT, store->path, "cannot be read", errno);
    if (!got) return base_fail(error, BERG_EINPUT, "%s: was cut short while it was read", store->path);
    next += got;
    offset += got;
    bytes -= (size_t)got;
  }
  return BERG_OK;
}

/* The image is no longer safe: a run that resumes computes it again. */
static berg_status fail_changed(const train_store *store, size_t row, berg_error *error) {
  io_ranges others = {.count = 0};
  io_ranges_add(&others, 0, row);
  io_ranges_add(&others, row + 1, store->rows);
  if (!io_journal_note(store->journal, &others))
    return base_fail_errno(error, BERG_EWRITE, store->journal_path, "cannot be written", errno);
  return base_fail(error, BERG_EINPUT,
                   "%s: the features of image %zu (from 0) are not what was written: --resume computes them again",
                   store->path, row);
}

/* A few rows at a time, whose checksums are made while they are in the cache. */
static berg_status read_rows(const train_store *store, size_t panel, size_t first, size_t end, float *to,
                             berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t row = first, next; row < end && !status; row = next) {
    next = row + READ_ROWS < end ? row + READ_ROWS : end;
    float *rows = to + (row - first) * store->width;
    status = read_at(store, rows, (next - row) * store->width * sizeof *to, offset_of(store, panel, row), error);
    for (size_t i = row; i < next && !status; i++)
      if (sum_of(store, panel, i, rows + (i - row) * store->width) != store->sums[i])
        status = fail_changed(store, i, error);
  }
  return status;
}

/* Rows that follow one another in the store are read together. */
static berg_status read_panel(void *user, size_t panel, float *to, berg_error *error) {
  const train_store_view *view = user;
  const train_store *store = view->store;
  berg_status status =
      read_at(store, store->sums, store->rows * sizeof *store->sums, offset_of_sum(store, panel, 0), error);
  for (size_t first = 0, end; first < view->count && !status; first = end) {
    for (end = first + 1; end < view->count && view->rows[end] == view->rows[end - 1] + 1;) end++;
    status =
        read_rows(store, panel, view->rows[first], view->rows[first] + end - first, to + first * store->width, error);
  }
  return status;
}

train_panels train_store_panels(train_store_view *view) {
  return (train_panels){.rows = view->count,
                        .columns = VIT_LAYERS * view->store->tokens * VIT_CHANNELS,
                        .width = view->store->width,
                        .read = read_panel,
                        .user = view};
}
