/* The store of features, written by blocks of the network. */
#define _DEFAULT_SOURCE /* pwritev */
#include "train/pca/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/system.h"
#include "base/thread.h"
#include "base/text.h"
#include "io/file/folders.h"
#include "io/file/journal.h"
#include "io/file/whole_file.h"
#include "train/pca/store_layout.h"

/* Linux takes 1,024 pieces in one call. */
#define PIECES 512

struct train_store {
  train_store_file of;
  char *path, *journal_path, *fingerprint; /* own, of `of` */
  int file, journal;
  size_t width;
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

/* --- Opening --- */

/* Reserves all bytes at once, so that a run does not fail after an hour on a full disk. File systems that cannot
 * reserve space get a sparse file. */
static berg_status allocate(const train_store *store, uint64_t bytes, berg_error *error) {
  const int number = base_system_reserve(store->file, bytes);
  if (!number) return BERG_OK;
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

static size_t columns_of(const train_store_file *file) { return VIT_LAYERS * file->tokens * VIT_CHANNELS; }

static uint64_t bytes_of(const train_store_file *file) {
  return train_store_bytes(file->end - file->first, file->tokens);
}

static berg_status start(train_store *store, berg_error *error) {
  berg_status status = io_remove_file(store->journal_path, error); /* first: none may describe rows of another store */
  if (!status) status = io_remove_file(store->path, error);
  if (status) return status;
  store->file = open(store->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (store->file < 0) return base_fail_errno(error, BERG_EWRITE, store->path, "cannot be written", errno);
  status = allocate(store, bytes_of(&store->of), error);
  if (!status)
    status = io_journal_create(&store->journal, store->journal_path, columns_of(&store->of), store->fingerprint, error);
  if (status) io_remove_left(store->path, error);
  return status;
}

static berg_status fits_journal(const train_store_file *file, const struct stat *about, const io_ranges *safe,
                                berg_error *error) {
  const bool is_within = !safe->count || (safe->list[0].first >= file->first && io_ranges_end(safe) <= file->end);
  if ((uint64_t)about->st_size == bytes_of(file) && is_within) return BERG_OK;
  char expected[96];
  base_print(expected, sizeof expected, "%llu bytes for %zu images", (unsigned long long)bytes_of(file),
             file->end - file->first);
  return base_fail_found(error, BERG_EINPUT, file->path, "does not fit its journal", expected,
                         "%lld bytes, %zu images done", (long long)about->st_size, io_ranges_total(safe));
}

static berg_status go_on(train_store *store, berg_error *error) {
  struct stat about;
  berg_status status = io_journal_open(&store->journal, store->journal_path, columns_of(&store->of), store->fingerprint,
                                       &store->safe, error);
  if (status) return status;
  store->file = open(store->path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (store->file < 0 || fstat(store->file, &about))
    return base_fail_errno(error, BERG_EINPUT, store->path, "cannot be opened", errno);
  return fits_journal(&store->of, &about, &store->safe, error);
}

berg_status train_store_find(const train_store_file *file, io_ranges *safe, berg_error *why, berg_error *error) {
  struct stat about;
  int journal = -1;
  berg_error own = {.status = BERG_OK}, *told = why ? why : &own;
  *told = own;
  *safe = (io_ranges){.count = 0};
  const bool is_there = !stat(file->path, &about);
  if (!is_there && errno != ENOENT) return base_fail_errno(error, BERG_EWRITE, file->path, "cannot be examined", errno);
  if (!is_there && access(file->journal, F_OK) && errno == ENOENT) return BERG_OK;
  berg_status status = io_journal_open(&journal, file->journal, columns_of(file), file->fingerprint, safe, told);
  if (journal >= 0) close(journal);
  if (!status && !is_there) status = base_fail(told, BERG_EINPUT, "%s: is missing beside its journal", file->path);
  if (!status) status = fits_journal(file, &about, safe, told);
  if (!status) return BERG_OK;
  *safe = (io_ranges){.count = 0};
  const bool is_unread = status == BERG_ELIMIT || status == BERG_EWRITE;
  if (is_unread && error) *error = *told;
  return is_unread ? status : BERG_OK;
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

static berg_status make(train_store **out, const train_store_file *file, berg_error *error) {
  train_store *store = *out = base_calloc(1, sizeof *store, error);
  if (!store) return BERG_ELIMIT;
  store->file = store->journal = -1;
  store->of = *file;
  store->width = train_store_width(file->tokens);
  store->of.path = store->path = base_copy_text(file->path, error);
  store->of.journal = store->journal_path = base_copy_text(file->journal, error);
  store->of.fingerprint = store->fingerprint = base_copy_text(file->fingerprint, error);
  return store->path && store->journal_path && store->fingerprint ? BERG_OK : BERG_ELIMIT;
}

berg_status train_store_open(train_store **out, const train_store_file *file, berg_error *error) {
  train_store *store;
  const bool is_there = !access(file->path, F_OK) && !access(file->journal, F_OK);
  *out = NULL;
  berg_status status = make(&store, file, error);
  if (!status) status = is_there ? go_on(store, error) : start(store, error);
  if (status) {
    train_store_close(store, error);
    return status;
  }
  store->written = store->safe;
  start_keeper(store);
  *out = store;
  return BERG_OK;
}

const io_ranges *train_store_safe(const train_store *store) { return &store->safe; }

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
  base_free(store->path);
  base_free(store->journal_path);
  base_free(store->fingerprint);
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
  const size_t panel = layer * (store->of.tokens / (store->width / VIT_CHANNELS)) + segment;
  struct iovec pieces[PIECES];
  uint64_t sums[PIECES];
  for (size_t first = 0; first < part->images; first += PIECES) {
    const size_t count = part->images - first < PIECES ? part->images - first : PIECES, row = part->indices[0] + first;
    for (size_t i = 0; i < count; i++) {
      const float *from = tokens + (first + i) * VIT_LAYER_FEATURES + segment * store->width;
      pieces[i] = (struct iovec){(void *)(uintptr_t)from, store->width * sizeof *from};
      sums[i] = store_sum(&store->of, panel, row + i, from);
    }
    struct iovec beside = {sums, count * sizeof *sums};
    if (!write_pieces(store->file, pieces, (int)count, store_offset(&store->of, panel, row)) ||
        !write_pieces(store->file, &beside, 1, store_offset_of_sum(&store->of, panel, row)))
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
  base_team_share(team, store->of.tokens * VIT_CHANNELS / store->width, write_piece,
                  &(block){store, part, layer, tokens});
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
  const bool fits = io_ranges_add(&store->written, first, end) && store->written.count <= IO_JOURNAL_RANGES;
  if (base_thread_is_here(&store->keeper))
    pthread_cond_broadcast(&store->changed);
  else
    make_safe(store);
  pthread_mutex_unlock(&store->guard);
  if (store->failed) return fail_write(store, error);
  return fits ? BERG_OK
              : base_fail(error, BERG_EARGUMENT, "%s: images in more than %d places apart", store->path,
                          IO_JOURNAL_RANGES);
}

berg_status train_store_settle(train_store *store, berg_error *error) {
  pthread_mutex_lock(&store->guard);
  while (!store->failed && !is_safe(store)) pthread_cond_wait(&store->changed, &store->guard);
  pthread_mutex_unlock(&store->guard);
  return store->failed ? fail_write(store, error) : BERG_OK;
}
