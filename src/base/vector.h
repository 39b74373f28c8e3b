/* Sixteen floats at once, written with the compiler's vector types: one source for every instruction set, the same lanes
 * and so the same order of every sum on all of them. For files in kernels/ only. */
#ifndef BASE_VECTOR_H
#define BASE_VECTOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LANES 16

typedef float v16 __attribute__((vector_size(64)));
typedef int32_t v16i __attribute__((vector_size(64)));
/* For memory at any address: arrays mapped from a pickle start where the pickle happens to have them. */
typedef float v16_anywhere __attribute__((vector_size(64), aligned(1), may_alias));

/* Names a kernel for the instruction set it is compiled for: KERNEL(dot) is dot_avx512. */
#define KERNEL_JOIN(name, isa) name##_##isa
#define KERNEL_EXPAND(name, isa) KERNEL_JOIN(name, isa)
#define KERNEL(name) KERNEL_EXPAND(name, BERG_ISA)

#define INLINE static inline __attribute__((always_inline, unused))

INLINE v16 v16_load(const void *from) { return *(const v16_anywhere *)from; }
INLINE void v16_store(void *to, v16 value) { *(v16_anywhere *)to = value; }
INLINE v16 v16_all(float value) { return value - (v16){0}; }

/* The sum of the lanes, as a fixed tree: 8 + 8, 4 + 4, 2 + 2, 1 + 1. */
INLINE float v16_sum(v16 value) {
  typedef float v8 __attribute__((vector_size(32)));
  typedef float v4 __attribute__((vector_size(16)));
  v8 halves[2];
  memcpy(halves, &value, sizeof halves);
  v8 eight = halves[0] + halves[1];
  v4 quarters[2];
  memcpy(quarters, &eight, sizeof quarters);
  v4 four = quarters[0] + quarters[1];
  return (four[0] + four[2]) + (four[1] + four[3]);
}

/* Lanes of `a` where `mask` is all ones, of `b` where it is zero. */
INLINE v16 v16_select(v16i mask, v16 a, v16 b) { return (v16)((mask & (v16i)a) | (~mask & (v16i)b)); }
INLINE v16 v16_min(v16 a, v16 b) { return v16_select(a < b, a, b); }
INLINE v16 v16_max(v16 a, v16 b) { return v16_select(a > b, a, b); }

#endif
