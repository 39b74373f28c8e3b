/* The work folder: which files are ours, and a lock that keeps other runs out. */
#define _DEFAULT_SOURCE /* st_blocks */
#include "train/job/work.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/file/folders.h"
#include "io/file/listing.h"
#include "io/file/lock.h"
#include "io/file/whole_file.h"
#include "train/job/stages.h"

#define LOCK "berg-lock"
#define FINISHED "berg-finished-"

static bool begins(const char *name, const char *prefix) { return !strncmp(name, prefix, strlen(prefix)); }

static bool is_ours(const char *name) {
  name += *name == '.'; /* a temporary file of a writer that was killed */
  for (size_t i = 0; i < TRAIN_STAGES; i++)
    if (begins(name, train_stages[i]->prefix)) return true;
  return false;
}

/* Other runs are kept out while the descriptor is open. */
static berg_status lock(train_work *work, berg_error *error) {
  char *path = base_format(error, "%s/" LOCK, work->folder);
  if (!path) return BERG_ELIMIT;
  berg_status status = BERG_OK;
  work->lock = work->is_shared ? io_lock_open_shared(path) : io_lock_open(path);
  if (work->lock < 0 && errno == EAGAIN)
    status = base_fail(error, BERG_EEXISTS, "%s: another training run is at work in this folder", work->folder);
  else if (work->lock < 0)
    status = base_fail_errno(error, BERG_EWRITE, path, "cannot be written", errno);
  base_free(path);
  return status;
}

static berg_status open_folder(train_work *work, const char *folder, bool is_shared, berg_error *error) {
  *work = (train_work){base_copy_text(folder, error), -1, is_shared};
  if (!work->folder) return BERG_ELIMIT;
  berg_status status = io_make_folders(folder, error);
  if (!status) status = lock(work, error);
  if (!status) return BERG_OK;
  base_free(work->folder);
  *work = (train_work){NULL, -1, false};
  return status;
}

berg_status train_work_open(train_work *work, const char *folder, berg_error *error) {
  return open_folder(work, folder, false, error);
}

berg_status train_work_join(train_work *work, const char *folder, berg_error *error) {
  return open_folder(work, folder, true, error);
}

/* Each stage has 2^40 bytes of the lock, of those behind the first; two stages that have the same ones keep processes
 * apart that need not be. */
berg_status train_work_claim(const train_work *work, uint64_t hash, io_range units, const char *what,
                             berg_error *error) {
  const uint64_t start = 1 + (hash % ((uint64_t)1 << 22) << 40);
  if (io_lock_range(work->lock, start + units.first, start + units.end)) return BERG_OK;
  return base_fail(error, BERG_EEXISTS, "%s: another process is at work on some of %s %zu to %zu", work->folder, what,
                   units.first, units.end);
}

void train_work_close(train_work *work) {
  if (!work->folder) return;
  char *path = base_format(NULL, "%s/" LOCK, work->folder);
  if (path)
    (work->is_shared ? io_lock_close_shared : io_lock_close)(work->lock, path);
  else
    close(work->lock);
  base_free(path);
  rmdir(work->folder); /* fails if files are left, as intended */
  base_free(work->folder);
  *work = (train_work){NULL, -1, false};
}

berg_status train_work_leftovers(const char *folder, size_t *count, uint64_t *bytes, berg_error *error) {
  io_listing files;
  *count = 0;
  *bytes = 0;
  berg_status status = io_listing_open(&files, folder, IO_LISTING_MAY_MISS, BERG_EWRITE, error);
  for (const char *name; (name = io_listing_next(&files, &status, error));) {
    struct stat about;
    if (!is_ours(name)) continue;
    ++*count;
    if (!fstatat(dirfd(files.folder), name, &about, 0)) *bytes += (uint64_t)about.st_blocks * 512;
  }
  io_listing_close(&files);
  return status;
}

static berg_status clear(const train_work *work, bool finished, berg_error *error) {
  io_listing files;
  berg_status status = io_listing_open(&files, work->folder, 0, BERG_EWRITE, error);
  for (const char *name; (name = io_listing_next(&files, &status, error));) {
    const bool is_mark = begins(name + (*name == '.'), FINISHED);
    if (finished ? !is_mark : !is_ours(name)) continue;
    if (unlinkat(dirfd(files.folder), name, 0) && errno != ENOENT)
      status = base_fail_errno(error, BERG_EWRITE, work->folder, name, errno);
  }
  io_listing_close(&files);
  return status;
}

static berg_status clear_folder(const train_work *work, bool marks_too, berg_error *error) {
  berg_status status = clear(work, false, error);
  return !status && marks_too ? clear(work, true, error) : status;
}

berg_status train_work_clear(const train_work *work, berg_error *error) { return clear_folder(work, true, error); }

berg_status train_work_clear_stages(const train_work *work, berg_error *error) {
  return clear_folder(work, false, error);
}

char *train_work_finished(const char *folder, uint64_t hash, berg_error *error) {
  return base_format(error, "%s/" FINISHED "%016" PRIx64, folder, hash);
}

berg_status train_work_mark(const char *path, berg_error *error) {
  io_whole_file *file;
  berg_status status = io_whole_file_open(&file, path, true, error);
  return status ? status : io_whole_file_commit(file, error);
}
