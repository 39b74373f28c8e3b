/* What is asked of a system that is not Linux: POSIX's, and macOS's where POSIX has nothing. */
#ifdef __APPLE__
#define _DARWIN_C_SOURCE /* sysctlbyname, getentropy, _NSGetExecutablePath */
#else
#define _DEFAULT_SOURCE /* getentropy, flock */
#endif
#include "base/system.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#include <sys/random.h>
#include <sys/sysctl.h>
#endif

#include "base/text.h"

/* --- The machine --- */

#ifdef __APPLE__
static uint64_t number_of(const char *name) {
  uint64_t value = 0;
  size_t size = sizeof value;
  return sysctlbyname(name, &value, &size, NULL, 0) ? 0 : value;
}
#endif

base_isa base_system_neon(void) {
#if defined(__APPLE__) && defined(__aarch64__)
  if (number_of("hw.optional.arm.FEAT_DotProd"))
    return number_of("hw.optional.arm.FEAT_I8MM") && number_of("hw.optional.arm.FEAT_BF16") ? BASE_ISA_NEON_MATRIX
                                                                                            : BASE_ISA_NEON_DOT;
#endif
  return BASE_ISA_PORTABLE;
}

bool base_system_tiles(void) { return false; }

int base_machine_processors(void) {
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int)online : 1;
}

/* Threads are not pinned here: what is loaded sees all processors. */
void base_machine_on_one_processor(void (*call)(void)) { call(); }

size_t base_machine_memory(void) {
#ifdef __APPLE__
  return (size_t)number_of("hw.memsize");
#elif defined(_SC_PHYS_PAGES)
  long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? (size_t)pages * (size_t)page : 0;
#else
  return 0;
#endif
}

size_t base_machine_peak_memory(void) {
  struct rusage usage;
#ifdef __APPLE__
  const size_t unit = 1;
#else
  const size_t unit = 1024;
#endif
  return getrusage(RUSAGE_SELF, &usage) ? 0 : (size_t)usage.ru_maxrss * unit;
}

void base_machine_name(char *text, size_t size) {
  base_print(text, size, "unknown processor");
#ifdef __APPLE__
  char name[256];
  size_t length = sizeof name;
  if (!sysctlbyname("machdep.cpu.brand_string", name, &length, NULL, 0)) base_print(text, size, "%s", name);
#endif
}

/* --- Processes, memory, files --- */

bool base_system_program(char *path, size_t size) {
#ifdef __APPLE__
  char found[PATH_MAX], whole[PATH_MAX];
  uint32_t room = sizeof found;
  if (!_NSGetExecutablePath(found, &room) && realpath(found, whole) && strlen(whole) < size) {
    base_print(path, size, "%s", whole);
    return true;
  }
#endif
  if (size) path[0] = '\0';
  errno = ENOTSUP;
  return false;
}

bool base_system_random(void *bytes, size_t size) { return !getentropy(bytes, size); }

void base_system_huge_pages(void *block, size_t bytes) { (void)block, (void)bytes; }

int base_system_open_nameless(const char *folder) {
  (void)folder;
  errno = EOPNOTSUPP;
  return -1;
}

int base_system_reserve(int file, uint64_t bytes) {
#ifdef __APPLE__
  fstore_t store = {.fst_flags = F_ALLOCATEALL, .fst_posmode = F_PEOFPOSMODE, .fst_length = (off_t)bytes};
  return fcntl(file, F_PREALLOCATE, &store) < 0 || ftruncate(file, (off_t)bytes) ? errno : 0;
#else
  (void)file, (void)bytes;
  return EOPNOTSUPP;
#endif
}

int base_system_reserve_or_write(int file, uint64_t bytes) {
#ifdef __APPLE__
  return base_system_reserve(file, bytes);
#else
  return posix_fallocate(file, 0, (off_t)bytes);
#endif
}

void base_system_will_read(int file) { (void)file; }

void base_system_forget(int file) { (void)file; }

/* POSIX's own locks have ranges, but belong to a process: its other handles are not kept out, and closing any gives up
 * all. BSD and macOS hold them against flock's of the same file, so that ranges cannot have them beside it. */
bool base_system_lock(int file, bool shared, uint64_t first, uint64_t length) {
  (void)length;
  if (first) return true;
  const bool locked = !flock(file, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB);
  if (!locked && errno == EWOULDBLOCK) errno = EAGAIN;
  return locked;
}
