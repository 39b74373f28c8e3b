/* Asking the processor what it is. */
#include "base/machine.h"

#include <time.h>
#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#endif

#include "base/system.h"

#if defined(__x86_64__) && defined(__GNUC__)
/* The tests' twin of the tile unit needs none, and AVX-VNNI's is AVX-512's coding of the same instruction. */
#ifdef BERG_TILE_TWIN
static bool multiplies_tiles(void) { return true; }
static bool has_avx_vnni(void) { return __builtin_cpu_supports("avx512vnni"); }
#else
#define TILES_OF_BF16 (1u << 22)
#define TILES (1u << 24)
#define TILES_OF_BYTES (1u << 25)

/* Asked of the processor itself: older compilers' __builtin_cpu_supports does not know these. */
static bool multiplies_tiles(void) {
  unsigned a, b, c, d;
  const unsigned needed = TILES | TILES_OF_BF16 | TILES_OF_BYTES;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & needed) == needed && base_system_tiles();
}

/* The first part of leaf 7 says how many more it has. */
static bool has_avx_vnni(void) {
  unsigned a, b, c, d;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) &&
         a & bit_AVXVNNI;
}
#endif

static base_isa highest_avx(void) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return multiplies_tiles() ? BASE_ISA_AMX : BASE_ISA_AVX512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
    return BASE_ISA_AVX2;
  return BASE_ISA_PORTABLE;
}
#else
static base_isa highest_avx(void) { return BASE_ISA_PORTABLE; }
#endif

bool base_isa_is_compiled(base_isa isa) {
  switch (isa) {
#ifdef BERG_HAS_AVX2
  case BASE_ISA_AVX2: return true;
#endif
#ifdef BERG_HAS_AVX512
  case BASE_ISA_AVX512: return true;
#endif
#ifdef BERG_HAS_AMX
  case BASE_ISA_AMX: return true;
#endif
#ifdef BERG_HAS_NEON_DOT
  case BASE_ISA_NEON_DOT: return true;
#endif
#ifdef BERG_HAS_NEON_MATRIX
  case BASE_ISA_NEON_MATRIX: return true;
#endif
  default: return isa == BASE_ISA_PORTABLE;
  }
}

static base_isa highest_of_processor(void) { return BASE_ISA_IS_NEON ? base_system_neon() : highest_avx(); }

bool base_machine_has(base_isa isa) { return isa <= highest_of_processor() && base_isa_is_compiled(isa); }

base_isa base_machine_isa(void) {
  base_isa isa = highest_of_processor();
  while (!base_isa_is_compiled(isa)) isa--;
  return isa;
}

bool base_machine_multiplies_int8(void) {
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  return base_machine_isa() >= BASE_ISA_AVX512 && __builtin_cpu_supports("avx512vnni");
#else
  return false;
#endif
}

bool base_machine_multiplies_int8_by_avx(void) {
#if defined(__x86_64__) && defined(__GNUC__)
  return base_machine_has(BASE_ISA_AVX2) && has_avx_vnni();
#else
  return false;
#endif
}

bool base_machine_multiplies_bf16(void) {
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  return base_machine_isa() >= BASE_ISA_AVX512 && __builtin_cpu_supports("avx512bf16") && __builtin_cpu_is("amd");
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
  static const char *const names[] = BASE_ISA_NAMES;
  return (size_t)isa < BASE_ISA_COUNT ? names[isa] : "unknown";
}

double base_machine_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
