/* Locks of an open file, which exclude other handles of the same process too. */
#define _GNU_SOURCE /* F_OFD_SETLK */
#include "io/file/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* POSIX's own locks belong to a process: two handles in it do not see each other's, and the first that is closed gives
 * up all. */
static bool is_free(int file) {
#ifdef F_OFD_SETLK
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return !fcntl(file, F_OFD_SETLK, &whole) || (errno != EACCES && errno != EAGAIN);
#else
  return !flock(file, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK;
#endif
}

bool io_is_named(int file, const char *path) {
  struct stat own, named;
  return !fstat(file, &own) && !lstat(path, &named) && own.st_dev == named.st_dev && own.st_ino == named.st_ino;
}

/* Between opening and locking, the previous holder of the lock may have removed the file. */
bool io_lock(int file, const char *path) { return is_free(file) && io_is_named(file, path); }

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
