/* What is asked of Linux. */
#define _GNU_SOURCE /* syscall, sched_getaffinity, CPU_COUNT, O_TMPFILE, F_OFD_SETLK, fallocate */
#include "base/system.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef __aarch64__
#include <sys/auxv.h>
#endif

#include "base/text.h"

/* --- The machine --- */

base_isa base_system_neon(void) {
#ifdef __aarch64__
  const unsigned long more = getauxval(AT_HWCAP2);
  if (getauxval(AT_HWCAP) & HWCAP_ASIMDDP)
    return more & HWCAP2_I8MM && more & HWCAP2_BF16 ? BASE_ISA_NEON_MATRIX : BASE_ISA_NEON_DOT;
#endif
  return BASE_ISA_PORTABLE;
}

#define PERMIT_STATE 0x1023 /* ARCH_REQ_XCOMP_PERM, which older headers lack */
#define TILE_DATA 18

static bool may_use_tiles;

static void ask_for_tiles(void) {
#if defined(__x86_64__) && defined(SYS_arch_prctl)
  may_use_tiles = syscall(SYS_arch_prctl, PERMIT_STATE, TILE_DATA) == 0;
#endif
}

bool base_system_tiles(void) {
  static pthread_once_t asked = PTHREAD_ONCE_INIT;
  pthread_once(&asked, ask_for_tiles);
  return may_use_tiles;
}

int base_machine_processors(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int)online : 1;
}

void base_machine_on_one_processor(void (*call)(void)) {
  cpu_set_t all, one;
  int first = 0;
  const bool known = !sched_getaffinity(0, sizeof all, &all);
  while (known && first + 1 < CPU_SETSIZE && !CPU_ISSET(first, &all)) first++;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  const bool changed = known && !sched_setaffinity(0, sizeof one, &one);
  call();
  if (changed) sched_setaffinity(0, sizeof all, &all);
}

size_t base_machine_memory(void) {
  long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? (size_t)pages * (size_t)page : 0;
}

size_t base_machine_peak_memory(void) {
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) ? 0 : (size_t)usage.ru_maxrss * 1024;
}

/* What stands behind "key : " in lines; its length, 0 where there is no such line. */
static int value_of(const char *lines, const char *key, const char **value) {
  const char *at = strstr(lines, key), *colon = at ? strchr(at, ':') : NULL;
  if (!colon) return 0;
  *value = colon + 1 + strspn(colon + 1, " ");
  return (int)strcspn(*value, "\n");
}

void base_machine_name(char *text, size_t size) {
  char lines[4096]; /* the first processor's lines; on the stack, so that nothing can fail */
  const char *name = lines, *part = lines;
  base_print(text, size, "unknown processor");
  int file = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
  const ssize_t length = file < 0 ? -1 : read(file, lines, sizeof lines - 1);
  if (file >= 0) close(file);
  lines[length > 0 ? length : 0] = '\0';
  int named = value_of(lines, "model name", &name);
  if (named) {
    base_print(text, size, "%.*s", named, name);
    return;
  }
  /* Arm's have numbers in place of a name */
  named = value_of(lines, "CPU implementer", &name);
  const int parted = value_of(lines, "CPU part", &part);
  if (named && parted) base_print(text, size, "Arm processor, implementer %.*s, part %.*s", named, name, parted, part);
}

/* --- Processes, memory, files --- */

bool base_system_program(char *path, size_t size) {
  const ssize_t length = readlink("/proc/self/exe", path, size - 1);
  path[length > 0 ? length : 0] = '\0';
  return length > 0;
}

bool base_system_random(void *bytes, size_t size) { return getrandom(bytes, size, 0) == (ssize_t)size; }

void base_system_huge_pages(void *block, size_t bytes) { madvise(block, bytes, MADV_HUGEPAGE); }

int base_system_open_nameless(const char *folder) {
  const int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0 && errno == EISDIR) errno = EOPNOTSUPP; /* of a kernel that does not know the flag */
  return file;
}

int base_system_reserve(int file, uint64_t bytes) { return fallocate(file, 0, 0, (off_t)bytes) ? errno : 0; }

int base_system_reserve_or_write(int file, uint64_t bytes) { return posix_fallocate(file, 0, (off_t)bytes); }

void base_system_will_read(int file) { posix_fadvise(file, 0, 0, POSIX_FADV_WILLNEED); }

void base_system_forget(int file) { posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED); }

/* POSIX's own locks belong to a process: two handles in it do not see each other's, and the first that is closed gives
 * up all. */
bool base_system_lock(int file, bool shared, uint64_t first, uint64_t length) {
  struct flock bytes = {
      .l_type = shared ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)first, .l_len = (off_t)length};
  return !fcntl(file, F_OFD_SETLK, &bytes);
}
