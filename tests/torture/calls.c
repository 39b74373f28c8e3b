/* The calls by which a program opens, reads, maps, writes and names files, any of which faults.c makes fail, as a
 * broken disk lets it. What stdio does by itself passes by unseen, but not the flush after which its file is named. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "faults.h"

static bool fails(const char *what, size_t size, int number) {
  if (!fault_is_due(what, size)) return false;
  errno = number;
  return true;
}
#define FAILS(what, size) fails(what, size, EIO)

#define OPENED(name)                                                                                    \
  int name(const char *path, int flags, ...) {                                                          \
    va_list list;                                                                                       \
    va_start(list, flags);                                                                              \
    const mode_t mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(list, mode_t) : 0; \
    va_end(list);                                                                                       \
    return FAILS("open", 0) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);               \
  }
OPENED(open)
OPENED(open64)

/* The function that this one hides. */
#define HIDDEN(type, name, parameters) \
  type(*real) parameters;              \
  *(void **)&real = dlsym(RTLD_NEXT, name)

#define FOPENED(name)                                    \
  FILE *name(const char *path, const char *mode) {       \
    HIDDEN(FILE *, #name, (const char *, const char *)); \
    return FAILS("fopen", 0) ? NULL : real(path, mode);  \
  }
FOPENED(fopen)
FOPENED(fopen64)

DIR *opendir(const char *path) {
  HIDDEN(DIR *, "opendir", (const char *));
  return FAILS("opendir", 0) ? NULL : real(path);
}
struct dirent *readdir(DIR *folder) {
  HIDDEN(struct dirent *, "readdir", (DIR *));
  return FAILS("readdir", 0) ? NULL : real(folder);
}
int fflush(FILE *stream) {
  HIDDEN(int, "fflush", (FILE *));
  return FAILS("fflush", 0) ? EOF : real(stream);
}
int posix_fallocate(int file, off_t from, off_t size) {
  HIDDEN(int, "posix_fallocate", (int, off_t, off_t));
  return FAILS("posix_fallocate", (size_t)size) ? EIO : real(file, from, size);
}

#define MAPPED(name)                                                                     \
  void *name(void *at, size_t size, int protection, int flags, int file, off_t offset) { \
    if (fails("mmap", size, ENOMEM)) return MAP_FAILED;                                  \
    return (void *)syscall(SYS_mmap, at, size, protection, flags, file, offset);         \
  }
MAPPED(mmap)
MAPPED(mmap64)

#define MOVED(name, kind, type, call)                                         \
  ssize_t name(int file, type bytes, size_t size, off_t offset) {             \
    return FAILS(kind, size) ? -1 : syscall(call, file, bytes, size, offset); \
  }
MOVED(pread, "pread", void *, SYS_pread64)
MOVED(pread64, "pread", void *, SYS_pread64)
MOVED(pwrite, "pwrite", const void *, SYS_pwrite64)
MOVED(pwrite64, "pwrite", const void *, SYS_pwrite64)
ssize_t read(int file, void *bytes, size_t size) {
  return FAILS("read", size) ? -1 : syscall(SYS_read, file, bytes, size);
}
ssize_t write(int file, const void *bytes, size_t size) {
  return FAILS("write", size) ? -1 : syscall(SYS_write, file, bytes, size);
}
int fsync(int file) { return FAILS("fsync", 0) ? -1 : (int)syscall(SYS_fsync, file); }
int fdatasync(int file) { return FAILS("fdatasync", 0) ? -1 : (int)syscall(SYS_fdatasync, file); }
int ftruncate(int file, off_t size) { return FAILS("ftruncate", 0) ? -1 : (int)syscall(SYS_ftruncate, file, size); }
int ftruncate64(int file, off64_t size) { return FAILS("ftruncate", 0) ? -1 : (int)syscall(SYS_ftruncate, file, size); }
int rename(const char *from, const char *to) {
  return FAILS("rename", 0) ? -1 : (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}
int link(const char *from, const char *to) {
  return FAILS("link", 0) ? -1 : (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}
int unlink(const char *path) { return FAILS("unlink", 0) ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0); }
int unlinkat(int folder, const char *path, int flags) {
  return FAILS("unlink", 0) ? -1 : (int)syscall(SYS_unlinkat, folder, path, flags);
}
int rmdir(const char *path) {
  return FAILS("rmdir", 0) ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}
int mkdir(const char *path, mode_t mode) {
  return FAILS("mkdir", 0) ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}
