/* Preloaded, makes one allocation of a program fail, or one and all after it, counted from the moment that main begins
 * to the one that it returns: what the loader and the constructors of libraries do is not the program's.
 *
 *     TORTURE_LOG=FILE [TORTURE_FAIL=N] [TORTURE_REST=1] LD_PRELOAD=.../libfailing_allocations.so PROGRAM...
 *
 * Appends to FILE "count N" when main returns, and "failed N SIZE" with the stack where an allocation failed. glibc
 * alone: it calls these functions itself, for strdup, fopen and all others that allocate. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_bool armed;
static atomic_ulong taken;
static unsigned long failing;
static int rest;
static int (*program)(int, char **, char **);

static void note(const char *what, unsigned long number, size_t size, int has_stack) {
  char line[96];
  const char *path = getenv("TORTURE_LOG");
  int log = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
  if (log < 0) return;
  int length = snprintf(line, sizeof line, "%s %lu %zu\n", what, number, size);
  if (write(log, line, (size_t)length) == length && has_stack) {
    void *frames[24];
    backtrace_symbols_fd(frames, backtrace(frames, 24), log);
  }
  close(log);
}

static int fails(size_t size) {
  if (!armed) return 0;
  const unsigned long number = ++taken;
  if (!failing || number < failing || (number > failing && !rest)) return 0;
  if (number == failing) {
    armed = 0; /* what the note itself allocates is not counted */
    note("failed", number, size, 1);
    armed = 1;
  }
  errno = ENOMEM;
  return 1;
}

void *malloc(size_t size) { return fails(size) ? NULL : __libc_malloc(size); }

void *calloc(size_t count, size_t size) { return fails(count * size) ? NULL : __libc_calloc(count, size); }

void *realloc(void *block, size_t size) { return size && fails(size) ? NULL : __libc_realloc(block, size); }

void *memalign(size_t alignment, size_t size) { return fails(size) ? NULL : __libc_memalign(alignment, size); }

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **block, size_t alignment, size_t size) {
  void *got = memalign(alignment, size);
  if (!got) return ENOMEM;
  *block = got;
  return 0;
}

static int watched(int count, char **arguments, char **environment) {
  void *frame[1];
  const char *number = getenv("TORTURE_FAIL");
  failing = number ? strtoul(number, NULL, 10) : 0;
  rest = getenv("TORTURE_REST") != NULL;
  backtrace(frame, 1); /* loads what it needs, once */
  armed = 1;
  int status = program(count, arguments, environment);
  armed = 0;
  note("count", taken, 0, 0);
  return status;
}

int __libc_start_main(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void),
                      void *);
int __libc_start_main(int (*start)(int, char **, char **), int count, char **arguments, void (*begin)(void),
                      void (*end)(void), void (*loader_end)(void), void *stack_end) {
  int (*real)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void), void *);
  *(void **)&real = dlsym(RTLD_NEXT, "__libc_start_main");
  program = start;
  return real(watched, count, arguments, begin, end, loader_end, stack_end);
}
