/* Element-wise kernels: GELU, standardisation, rounding to bfloat16. */
#ifndef CUDA_KERNELS_POINTWISE_H
#define CUDA_KERNELS_POINTWISE_H

#include "cuda/kernel.h"
#include "vit/shape.h"

enum { cuda_gelu_THREADS = 256, cuda_gelu_PHASES = 1 };
typedef int cuda_gelu_shared;

/* x Phi(x), the exact form: cuBLASLt's own epilogue is the approximation by tanh. */
CUDA_KERNEL void cuda_gelu(const cuda_gelu_args *a, int phase, unsigned block, unsigned thread, cuda_gelu_shared *s) {
  const size_t at = ((size_t)block * cuda_gelu_THREADS + thread) * 4;
  float x[4], bias[4];
  (void)phase, (void)s;
  cuda_load4(a->hidden, at, a->bf16, x);
  cuda_load4(a->bias, at % VIT_HIDDEN, 0, bias);
  for (int i = 0; i < 4; i++) {
    x[i] += bias[i];
    x[i] = x[i] * 0.5f * (1.0f + erff(x[i] * 0.707106781f));
  }
  cuda_store4(a->hidden, at, a->bf16, x);
}

enum { cuda_standardise_THREADS = VIT_CHANNELS / 4, cuda_standardise_PHASES = 1 };
typedef int cuda_standardise_shared;

/* Centred before the product, in two steps: features of huge mean and tiny spread keep their digits. */
CUDA_KERNEL void cuda_standardise(const cuda_standardise_args *a, int phase, unsigned block, unsigned thread,
                                  cuda_standardise_shared *s) {
  const unsigned image = block / a->tokens, token = block % a->tokens, c = 4 * thread;
  const size_t feature = (size_t)token * VIT_CHANNELS + c;
  float x[4], high[4], low[4], reciprocal[4];
  (void)phase, (void)s;
  cuda_load4(a->x, (size_t)image * VIT_LAYER_FEATURES + feature, 0, x);
  cuda_load4(a->centre_high, feature, 0, high);
  cuda_load4(a->centre_low, feature, 0, low);
  cuda_load4(a->reciprocal, feature, 0, reciprocal);
  for (int i = 0; i < 4; i++) x[i] = ((x[i] - high[i]) - low[i]) * reciprocal[i];
  cuda_store4(a->z, (size_t)block * VIT_CHANNELS + c, a->bf16, x);
}

enum { cuda_round_THREADS = 256, cuda_round_PHASES = 1 };
typedef int cuda_round_shared;

CUDA_KERNEL void cuda_round(const cuda_round_args *a, int phase, unsigned block, unsigned thread,
                            cuda_round_shared *s) {
  const size_t first = (size_t)block * CUDA_ROUND_PIECE;
  (void)phase, (void)s;
  for (size_t i = 4 * thread; i < CUDA_ROUND_PIECE && first + i < a->count; i += 4 * cuda_round_THREADS) {
    float x[4];
    cuda_load4(a->from, first + i, 0, x);
    cuda_store4(a->to, first + i, 1, x);
  }
}

#endif
