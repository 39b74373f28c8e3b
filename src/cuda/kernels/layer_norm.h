/* LayerNorm in two passes over a row that lies in shared memory: the variance of what is left after the mean, so that a
 * large mean costs no digits. Sums are taken over 192, then 16 partial sums, in a fixed order: always the same bits. */
#ifndef CUDA_KERNELS_LAYER_NORM_H
#define CUDA_KERNELS_LAYER_NORM_H

#include "cuda/kernel.h"
#include "vit/shape.h"

enum { cuda_layer_norm_THREADS = VIT_CHANNELS / 4, cuda_layer_norm_PHASES = 5, CUDA_LAYER_NORM_PARTS = 16 };

typedef struct cuda_layer_norm_shared {
  float row[VIT_CHANNELS];
  float sum[cuda_layer_norm_THREADS];
  float part[CUDA_LAYER_NORM_PARTS];
} cuda_layer_norm_shared;

CUDA_KERNEL float cuda_layer_norm_total(const cuda_layer_norm_shared *s) {
  float total = 0;
  for (int i = 0; i < CUDA_LAYER_NORM_PARTS; i++) total += s->part[i];
  return total;
}

CUDA_KERNEL void cuda_layer_norm_gather(cuda_layer_norm_shared *s, unsigned thread) {
  float total = 0;
  if (thread >= CUDA_LAYER_NORM_PARTS) return;
  for (unsigned i = thread; i < cuda_layer_norm_THREADS; i += CUDA_LAYER_NORM_PARTS) total += s->sum[i];
  s->part[thread] = total;
}

CUDA_KERNEL void cuda_layer_norm(const cuda_layer_norm_args *a, int phase, unsigned block, unsigned thread,
                                 cuda_layer_norm_shared *s) {
  const size_t at = (size_t)block * VIT_CHANNELS + 4 * thread;
  float *own = s->row + 4 * thread, x[4];
  if (phase == 0) {
    cuda_load4(a->tokens, at, 0, x);
    for (int i = 0; i < 4; i++) own[i] = x[i];
    s->sum[thread] = (x[0] + x[1]) + (x[2] + x[3]);
  } else if (phase == 1 || phase == 3) {
    cuda_layer_norm_gather(s, thread);
  } else if (phase == 2) {
    const float mean = cuda_layer_norm_total(s) / VIT_CHANNELS;
    for (int i = 0; i < 4; i++) own[i] = x[i] = own[i] - mean;
    s->sum[thread] = (x[0] * x[0] + x[1] * x[1]) + (x[2] * x[2] + x[3] * x[3]);
  } else {
    const float scale = 1.0f / sqrtf(cuda_layer_norm_total(s) / VIT_CHANNELS + 1e-6f);
    float gain[4], bias[4];
    cuda_load4(a->gain, 4 * thread, 0, gain);
    cuda_load4(a->bias, 4 * thread, 0, bias);
    for (int i = 0; i < 4; i++) x[i] = own[i] * scale * gain[i] + bias[i];
    cuda_store4(a->out, at, a->bf16, x);
  }
}

#endif
