/* Locks of an open file, which exclude other handles of the same process too. */
#define _DEFAULT_SOURCE /* flock */
#include "io/file/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/system.h"

/* What cannot be locked at all is free to whoever tries. */
static bool is_free(int file, bool shared, uint64_t first, uint64_t length) {
  return base_system_lock(file, shared, first, length) || (errno != EACCES && errno != EAGAIN);
}

bool io_is_named(int file, const char *path) {
  struct stat own, named;
  return !fstat(file, &own) && !lstat(path, &named) && own.st_dev == named.st_dev && own.st_ino == named.st_ino;
}

/* Between opening and locking, the previous holder of the lock may have removed the file. */
bool io_lock(int file, const char *path) { return is_free(file, false, 0, 0) && io_is_named(file, path); }

bool io_lock_range(int file, uint64_t first, uint64_t end) { return is_free(file, false, first, end - first); }

bool io_is_being_written(int file) {
  if (flock(file, LOCK_SH | LOCK_NB)) return errno == EWOULDBLOCK;
  flock(file, LOCK_UN);
  return false;
}

int io_lock_open(const char *path) {
  int lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (lock < 0 || io_lock(lock, path)) return lock;
  close(lock);
  errno = EAGAIN;
  return -1;
}

/* In this order: a file under this name may be locked by another. */
void io_lock_close(int lock, const char *path) {
  if (lock < 0) return;
  unlink(path);
  close(lock);
}

/* As long as the last holder removes the file between opening and locking. */
int io_lock_open_shared(const char *path) {
  for (;;) {
    int lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (lock < 0) return lock;
    const bool is_shared = is_free(lock, true, 0, 1);
    if (is_shared && io_is_named(lock, path)) return lock;
    close(lock);
    errno = EAGAIN;
    if (!is_shared) return -1;
  }
}

void io_lock_close_shared(int lock, const char *path) {
  if (lock < 0) return;
  if (io_lock(lock, path)) unlink(path);
  close(lock);
}
