/* Preloaded with the functions that may fail (allocations.c, calls.c), makes one call of a program fail, or one and
 * all after it, counted from the moment that main begins to the one that it returns: what the loader and the
 * constructors of libraries do is not the program's.
 *
 *     TORTURE_LOG=FILE [TORTURE_FAIL=N] [TORTURE_REST=1] [TORTURE_STACKS=FILE] LD_PRELOAD=.../libfailing_X.so PROGRAM
 *
 * Appends to TORTURE_LOG "count N" when main returns, and "failed WHAT N SIZE" with the stack where a call failed.
 * Writes a word of 64 bits a call to TORTURE_STACKS: a hash of the stack that it was made from, which is the same in
 * every run and command, wherever the system loads the libraries. */
#define _GNU_SOURCE
#include "faults.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FRAMES = 64, SHOWN = 24, KNOWN = 1 << 16, ROOM = 1024 };

static atomic_bool armed;
static atomic_ulong taken;
static unsigned long failing;
static int rest, stacks = -1;
static int (*program)(int, char **, char **);
static _Thread_local bool inside __attribute__((tls_model("initial-exec")));

static void note(const char *what, unsigned long number, size_t size, bool has_stack) {
  char line[96];
  const char *path = getenv("TORTURE_LOG");
  int log = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
  if (log < 0) return;
  int length = snprintf(line, sizeof line, "%s %lu %zu\n", what, number, size);
  if (write(log, line, (size_t)length) == length && has_stack) {
    void *frames[SHOWN];
    backtrace_symbols_fd(frames, backtrace(frames, SHOWN), log);
  }
  close(log);
}

static uint64_t mixed(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 29);
}

/* The place of an instruction in its file. */
static uint64_t place_of(const void *address) {
  Dl_info about;
  if (!dladdr(address, &about)) return 0;
  const char *slash = strrchr(about.dli_fname, '/');
  uint64_t place = (uint64_t)((const char *)address - (const char *)about.dli_fbase);
  for (const char *c = slash ? slash : about.dli_fname; *c; c++) place = mixed(place, (uint64_t)(unsigned char)*c);
  return place;
}

/* The same, looked up once: the loader searches all symbols of the file. */
static uint64_t known_place(const void *address) {
  static struct {
    const void *address;
    uint64_t place;
  } known[KNOWN];
  size_t at = (size_t)(mixed(0, (uint64_t)(uintptr_t)address) % KNOWN);
  if (known[at].address != address) {
    known[at].place = place_of(address);
    known[at].address = address;
  }
  return known[at].place;
}

static struct {
  uint64_t words[ROOM];
  size_t count;
} waiting;

static void put_waiting(void) {
  const size_t size = waiting.count * sizeof *waiting.words;
  if (stacks >= 0 && write(stacks, waiting.words, size) != (ssize_t)size) abort();
  waiting.count = 0;
}

/* One after the other: the order of the words is that of the numbers. */
static void record(void) {
  void *frames[FRAMES];
  const int count = backtrace(frames, FRAMES);
  uint64_t hash = 0;
  for (int i = 0; i < count; i++) hash = mixed(hash, known_place(frames[i]));
  waiting.words[waiting.count++] = hash;
  if (waiting.count == ROOM) put_waiting();
}

static bool is_due(unsigned long number) { return failing && (number == failing || (number > failing && rest)); }

bool fault_is_due(const char *what, size_t size) {
  static atomic_flag busy = ATOMIC_FLAG_INIT;
  if (!armed || inside) return false;
  inside = true; /* what this itself allocates or opens is not counted */
  while (stacks >= 0 && atomic_flag_test_and_set(&busy)) {
  }
  const unsigned long number = ++taken;
  if (stacks >= 0) {
    record();
    atomic_flag_clear(&busy);
  }
  if (number == failing) {
    char line[64];
    snprintf(line, sizeof line, "failed %s", what);
    note(line, number, size, true);
  }
  inside = false;
  return is_due(number);
}

static int watched(int count, char **arguments, char **environment) {
  void *frame[1];
  const char *number = getenv("TORTURE_FAIL"), *path = getenv("TORTURE_STACKS");
  failing = number ? strtoul(number, NULL, 10) : 0;
  rest = getenv("TORTURE_REST") != NULL;
  stacks = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
  backtrace(frame, 1); /* loads what it needs, once */
  armed = true;
  int status = program(count, arguments, environment);
  armed = false;
  put_waiting();
  note("count", taken, 0, false);
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
