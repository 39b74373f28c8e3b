/* Kernels that are written once and compiled twice: by nvcc for the device, by any C compiler for the host.
 *
 * A kernel is a function
 *     CUDA_KERNEL void name(const name_args *a, int phase, unsigned block, unsigned thread, name_shared *s)
 * with the constants name_THREADS and name_PHASES. Between two phases all threads of the block meet; a thread keeps
 * nothing from one phase to the next but what is in `s` (shared memory) or in the device's. So the host can run it
 * faithfully, phase by phase, all threads of one before any of the next, in whatever order: within a phase no thread
 * may read what another writes, and tests/cuda runs the threads forwards, backwards and shuffled to see that the bits
 * stay the same. */
#ifndef CUDA_KERNEL_H
#define CUDA_KERNEL_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cuda/kernel_args.h"

#ifdef __CUDACC__
#define CUDA_KERNEL static __device__ __forceinline__
#else
#define CUDA_KERNEL static inline
#endif

/* To bfloat16, to the nearest, ties to even; a NaN stays one. */
CUDA_KERNEL uint32_t cuda_to_bf16(float value) {
  uint32_t bits;
#ifdef __CUDACC__
  bits = __float_as_uint(value);
#else
  memcpy(&bits, &value, sizeof bits);
#endif
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (bits >> 16) | 0x40u;
  return (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
}

CUDA_KERNEL float cuda_from_bf16(uint32_t half) {
  const uint32_t bits = half << 16;
#ifdef __CUDACC__
  return __uint_as_float(bits);
#else
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
#endif
}

/* Four neighbours of an array of float32 or bfloat16, the first at a multiple of four. */
CUDA_KERNEL void cuda_load4(const void *array, size_t first, int bf16, float value[4]) {
#ifdef __CUDACC__
  if (bf16) {
    const uint2 pair = *(const uint2 *)((const uint16_t *)array + first);
    value[0] = cuda_from_bf16(pair.x & 0xffffu), value[1] = cuda_from_bf16(pair.x >> 16);
    value[2] = cuda_from_bf16(pair.y & 0xffffu), value[3] = cuda_from_bf16(pair.y >> 16);
  } else {
    const float4 all = *(const float4 *)((const float *)array + first);
    value[0] = all.x, value[1] = all.y, value[2] = all.z, value[3] = all.w;
  }
#else
  for (size_t i = 0; i < 4; i++)
    value[i] = bf16 ? cuda_from_bf16(((const uint16_t *)array)[first + i]) : ((const float *)array)[first + i];
#endif
}

CUDA_KERNEL void cuda_store4(void *array, size_t first, int bf16, const float value[4]) {
#ifdef __CUDACC__
  if (bf16) {
    uint2 pair;
    pair.x = cuda_to_bf16(value[0]) | cuda_to_bf16(value[1]) << 16;
    pair.y = cuda_to_bf16(value[2]) | cuda_to_bf16(value[3]) << 16;
    *(uint2 *)((uint16_t *)array + first) = pair;
  } else {
    *(float4 *)((float *)array + first) = make_float4(value[0], value[1], value[2], value[3]);
  }
#else
  for (size_t i = 0; i < 4; i++) {
    if (bf16)
      ((uint16_t *)array)[first + i] = (uint16_t)cuda_to_bf16(value[i]);
    else
      ((float *)array)[first + i] = value[i];
  }
#endif
}

#endif
