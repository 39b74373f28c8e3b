/* Sums in double of float32 products: scores over tokens and layers, the Gram matrix over panels. */
#ifndef CUDA_KERNELS_SUMS_H
#define CUDA_KERNELS_SUMS_H

#include "cuda/kernel.h"

enum { cuda_sums_THREADS = 128, cuda_sums_PHASES = 1 };
typedef int cuda_sums_shared;

CUDA_KERNEL void cuda_sums(const cuda_sums_args *a, int phase, unsigned block, unsigned thread, cuda_sums_shared *s) {
  (void)phase, (void)s;
  for (unsigned c = thread; c < a->components; c += cuda_sums_THREADS) {
    const size_t at = (size_t)block * a->components + c;
    double sum = a->first ? 0 : a->sums[at];
    for (unsigned t = 0; t < a->tokens; t++) sum += a->products[((size_t)t * a->images + block) * a->components + c];
    a->sums[at] = sum;
    if (a->last) a->scores[at] = (float)sum;
  }
}

enum { cuda_gram_sum_THREADS = 256, cuda_gram_sum_PHASES = 1 };
typedef int cuda_gram_sum_shared;

CUDA_KERNEL void cuda_gram_sum(const cuda_gram_sum_args *a, int phase, unsigned block, unsigned thread,
                               cuda_gram_sum_shared *s) {
  const size_t row = a->row + block;
  (void)phase, (void)s;
  if (row >= a->n) return;
  for (size_t j = thread; j <= row; j += cuda_gram_sum_THREADS)
    a->gram[row * a->n + j] += a->product[(size_t)block * a->ld + j];
}

#endif
