/* The widest float vector of the instruction set that a kernel is compiled for, with the compiler's vector types: one
 * source for all of them. For files in kernels/ only. */
#ifndef BASE_VECTOR_H
#define BASE_VECTOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX2__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif
#define LANES (VECTOR_BYTES / sizeof(float))

/* How many vectors the processor holds: what tiles of products fill. */
#if defined(__AVX512F__) || defined(__aarch64__)
#define VECTOR_REGISTERS 32
#else
#define VECTOR_REGISTERS 16
#endif

typedef float vec __attribute__((vector_size(VECTOR_BYTES)));
typedef int32_t vec_int __attribute__((vector_size(VECTOR_BYTES)));
/* For memory at any address: arrays mapped from a pickle start at any offset. */
typedef float vec_anywhere __attribute__((vector_size(VECTOR_BYTES), aligned(1), may_alias));

/* Names a kernel for the instruction set it is compiled for: KERNEL(dot) is dot_avx512. */
#define KERNEL_JOIN(name, isa) name##_##isa
#define KERNEL_EXPAND(name, isa) KERNEL_JOIN(name, isa)
#define KERNEL(name) KERNEL_EXPAND(name, BERG_ISA)

#define INLINE static inline __attribute__((always_inline, unused))

/* Before a loop of a constant number of steps: they are written out, so that arrays of vectors become registers. clang
 * follows gcc's pragma too late for that. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 64")
#endif

INLINE vec vec_load(const void *from) { return *(const vec_anywhere *)from; }
INLINE void vec_store(void *to, vec value) { *(vec_anywhere *)to = value; }
INLINE vec vec_all(float value) { return value - (vec){0}; }

/* Elements of two vectors in the order of the numbers that follow, where those of the second count on; `lanes`: a
 * vector of integers as wide as they are, for gcc before 12. */
#if defined(__clang__) || __GNUC__ >= 12
#define VEC_SHUFFLE(lanes, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define VEC_SHUFFLE(lanes, a, b, ...) __builtin_shuffle(a, b, (lanes){__VA_ARGS__})
#endif

/* Lanes of `a` where `mask` is all ones, of `b` where it is zero. */
INLINE vec vec_select(vec_int mask, vec a, vec b) { return (vec)((mask & (vec_int)a) | (~mask & (vec_int)b)); }
/* b where either is NaN, as the processor's instruction defines it; compilers do not find it by themselves. */
#if VECTOR_BYTES == 64
INLINE vec vec_min(vec a, vec b) { return (vec)_mm512_min_ps((__m512)a, (__m512)b); }
INLINE vec vec_max(vec a, vec b) { return (vec)_mm512_max_ps((__m512)a, (__m512)b); }
#else
INLINE vec vec_min(vec a, vec b) { return vec_select(a < b, a, b); }
INLINE vec vec_max(vec a, vec b) { return vec_select(a > b, a, b); }
#endif

/* Stores the lowest byte of each lane: LANES bytes. (gcc 12 takes a conversion of vectors apart into single bytes.) */
INLINE void vec_store_bytes(void *to, vec_int value) {
#if VECTOR_BYTES == 64
  _mm_storeu_si128(to, _mm512_cvtepi32_epi8((__m512i)value));
#else
  for (size_t i = 0; i < LANES; i++) ((uint8_t *)to)[i] = (uint8_t)value[i];
#endif
}

/* a / b for finite b away from zero and the ends of float's range, to 1 ulp or so. AVX-512 divides 16 floats in 16
 * cycles; an estimate of 14 bits, refined once, takes 3. */
INLINE vec vec_divide(vec a, vec b) {
#if VECTOR_BYTES == 64
  vec estimate = (vec)_mm512_rcp14_ps((__m512)b);
  estimate += estimate * (1.0f - b * estimate);
  vec quotient = a * estimate;
  return quotient + (a - quotient * b) * estimate;
#else
  return a / b;
#endif
}

/* Reductions fold the upper half of the lanes onto the lower half until one is left: a fixed tree. */
typedef float vec_4 __attribute__((vector_size(16)));
typedef int32_t vec_4_int __attribute__((vector_size(16)));

INLINE float vec_4_sum(vec_4 value) { return (value[0] + value[2]) + (value[1] + value[3]); }

INLINE float vec_4_largest(vec_4 value) {
  float even = value[0] > value[2] ? value[0] : value[2], odd = value[1] > value[3] ? value[1] : value[3];
  return even > odd ? even : odd;
}

#if VECTOR_BYTES == 16
INLINE float vec_sum(vec value) { return vec_4_sum(value); }
INLINE float vec_largest(vec value) { return vec_4_largest(value); }
#else
INLINE vec_4 vec_4_max(vec_4 a, vec_4 b) {
  vec_4_int larger = a > b;
  return (vec_4)((larger & (vec_4_int)a) | (~larger & (vec_4_int)b));
}

INLINE float vec_sum(vec value) {
  vec_4 part[VECTOR_BYTES / 16];
  memcpy(part, &value, sizeof part);
#if VECTOR_BYTES == 64
  part[0] += part[2];
  part[1] += part[3];
#endif
  return vec_4_sum(part[0] + part[1]);
}

INLINE float vec_largest(vec value) {
  vec_4 part[VECTOR_BYTES / 16];
  memcpy(part, &value, sizeof part);
#if VECTOR_BYTES == 64
  part[0] = vec_4_max(part[0], part[2]);
  part[1] = vec_4_max(part[1], part[3]);
#endif
  return vec_4_largest(vec_4_max(part[0], part[1]));
}
#endif

#endif
