/* Loaded before a program (LD_PRELOAD): what tests need to choose a moment of a run by what the run has done, not by a
 * clock.
 *
 *   MOMENT_KILL=N     SIGKILL before the N-th call, from 1, that changes a file or a folder
 *   MOMENT_STOP=N     SIGSTOP there: a waiting test finds everything as it was left
 *   MOMENT_FAIL=N     that call is not made, and fails as a broken disk lets it (EIO); N+: and all after it
 *   MOMENT_FILE=NAME  only calls on open files whose path ends so are counted
 *   MOMENT_TIME=S     the time of day stands still, S seconds after 1970
 *   MOMENT_CLOCK=S    CLOCK_MONOTONIC is S seconds later at each reading
 *   MOMENT_COUNT=PATH the number of calls, at the end
 *
 * What stdio writes passes by unseen; files that appear under another name than they were written to do not. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static atomic_long calls, readings;

static bool is_counted(int file) {
  const char *ending = getenv("MOMENT_FILE");
  if (!ending) return true;
  char name[32], path[4096];
  snprintf(name, sizeof name, "/proc/self/fd/%d", file);
  const ssize_t length = file < 0 ? -1 : readlink(name, path, sizeof path);
  const size_t tail = strlen(ending);
  return length >= (ssize_t)tail && !memcmp(path + length - tail, ending, tail);
}

/* Whether the call is to fail. */
static bool moment(int file) {
  if (!is_counted(file)) return false;
  const long call = atomic_fetch_add(&calls, 1) + 1;
  const char *last = getenv("MOMENT_KILL"), *stop = getenv("MOMENT_STOP"), *fail = getenv("MOMENT_FAIL");
  if (last && call == atol(last)) kill(getpid(), SIGKILL);
  if (stop && call == atol(stop)) syscall(SYS_tgkill, getpid(), gettid(), SIGSTOP); /* this thread goes no further */
  const bool fails = fail && (strchr(fail, '+') ? call >= atol(fail) : call == atol(fail));
  if (!fails) return false;
  errno = EIO;
  return true;
}

__attribute__((destructor)) static void tell(void) {
  const char *path = getenv("MOMENT_COUNT");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  fprintf(file, "%ld\n", atomic_load(&calls));
  fclose(file);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  const char *step = getenv("MOMENT_CLOCK");
  if (!step || clock != CLOCK_MONOTONIC) return (int)syscall(SYS_clock_gettime, clock, time);
  const double now = atof(step) * (double)(atomic_fetch_add(&readings, 1) + 1);
  time->tv_sec = (time_t)now;
  time->tv_nsec = (long)(1e9 * (now - (double)time->tv_sec));
  return 0;
}

time_t time(time_t *out) {
  const char *fixed = getenv("MOMENT_TIME");
  struct timespec now = {.tv_sec = fixed ? (time_t)atol(fixed) : 0};
  if (!fixed) syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t offset) {
  if (moment(file)) return -1;
  return syscall(SYS_pwrite64, file, bytes, size, offset);
}
ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t offset) {
  if (moment(file)) return -1;
  return syscall(SYS_pwrite64, file, bytes, size, offset);
}
int fsync(int file) {
  if (moment(file)) return -1;
  return (int)syscall(SYS_fsync, file);
}
int fdatasync(int file) {
  if (moment(file)) return -1;
  return (int)syscall(SYS_fdatasync, file);
}
int ftruncate(int file, off_t size) {
  if (moment(file)) return -1;
  return (int)syscall(SYS_ftruncate, file, size);
}
int ftruncate64(int file, off64_t size) {
  if (moment(file)) return -1;
  return (int)syscall(SYS_ftruncate, file, size);
}
int rename(const char *from, const char *to) {
  if (moment(-1)) return -1;
  return (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}
int link(const char *from, const char *to) {
  if (moment(-1)) return -1;
  return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}
int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
  if (moment(-1)) return -1;
  return (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
}
int unlink(const char *path) {
  if (moment(-1)) return -1;
  return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}
int unlinkat(int folder, const char *path, int flags) {
  if (moment(-1)) return -1;
  return (int)syscall(SYS_unlinkat, folder, path, flags);
}
int mkdir(const char *path, mode_t mode) {
  if (moment(-1)) return -1;
  return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}
