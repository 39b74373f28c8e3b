/* Asking the system and the processor what this machine is. */
#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT */
#include "base/machine.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#endif

#include "base/text.h"

base_isa base_machine_isa(void) {
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return BASE_ISA_AVX512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
    return BASE_ISA_AVX2;
#endif
  return BASE_ISA_PORTABLE;
}

bool base_machine_multiplies_int8(void) {
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  return base_machine_isa() == BASE_ISA_AVX512 && __builtin_cpu_supports("avx512vnni");
#else
  return false;
#endif
}

bool base_machine_multiplies_bf16(void) {
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  return base_machine_isa() == BASE_ISA_AVX512 && __builtin_cpu_supports("avx512bf16") && __builtin_cpu_is("amd");
#else
  return false;
#endif
}

/* Asked of the processor itself: clang's __builtin_cpu_supports does not know these. */
bool base_machine_hashes_sha256(void) {
#if defined(__x86_64__) && defined(__GNUC__)
  unsigned a, b, c, d;
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse4.1") && __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & bit_SHA;
#else
  return false;
#endif
}

const char *base_isa_name(base_isa isa) {
  static const char *const names[] = {"portable", "avx2", "avx512"};
  return (size_t)isa < BASE_ISA_COUNT ? names[isa] : "unknown";
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

void base_machine_name(char *text, size_t size) {
  char lines[4096]; /* the first processor's lines; on the stack, so that nothing can fail */
  base_print(text, size, "unknown processor");
  int file = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
  const ssize_t length = file < 0 ? -1 : read(file, lines, sizeof lines - 1);
  if (file >= 0) close(file);
  lines[length > 0 ? length : 0] = '\0';
  const char *name = strstr(lines, "model name"), *colon = name ? strchr(name, ':') : NULL;
  if (!colon) return;
  colon += 1 + strspn(colon + 1, " ");
  base_print(text, size, "%.*s", (int)strcspn(colon, "\n"), colon);
}

double base_machine_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
