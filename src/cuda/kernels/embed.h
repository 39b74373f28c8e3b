/* From pixels to the tokens of the first block. */
#ifndef CUDA_KERNELS_EMBED_H
#define CUDA_KERNELS_EMBED_H

#include "cuda/kernel.h"
#include "vit/shape.h"

enum { cuda_patches_THREADS = 256, cuda_patches_PHASES = 1 };
typedef int cuda_patches_shared;

CUDA_KERNEL void cuda_patches(const cuda_patches_args *a, int phase, unsigned block, unsigned thread,
                              cuda_patches_shared *s) {
  const unsigned image = block / VIT_TOKENS, token = block % VIT_TOKENS;
  (void)phase, (void)s;
  for (unsigned v = 4 * thread; v < VIT_PATCH_VALUES; v += 4 * cuda_patches_THREADS) {
    float value[4] = {0, 0, 0, 0};
    if (token) {
      const unsigned row = (token - 1) / VIT_GRID, column = (token - 1) % VIT_GRID;
      const unsigned channel = v / (VIT_PATCH * VIT_PATCH), y = v / VIT_PATCH % VIT_PATCH, x = v % VIT_PATCH;
      const size_t side = VIT_GRID * VIT_PATCH;
      const uint8_t *from =
          a->pixels + (((size_t)image * 3 + channel) * side + row * VIT_PATCH + y) * side + column * VIT_PATCH + x;
      for (unsigned i = 0; i < 4; i++) value[i] = a->table[channel * 256 + from[i]];
    }
    cuda_store4(a->patches, (size_t)block * VIT_PATCH_VALUES + v, a->bf16, value);
  }
}

enum { cuda_positions_THREADS = VIT_CHANNELS / 4, cuda_positions_PHASES = 1 };
typedef int cuda_positions_shared;

CUDA_KERNEL void cuda_positions(const cuda_positions_args *a, int phase, unsigned block, unsigned thread,
                                cuda_positions_shared *s) {
  const unsigned token = block % VIT_TOKENS, c = 4 * thread;
  float value[4], bias[4], position[4];
  (void)phase, (void)s;
  if (token) {
    cuda_load4(a->tokens, (size_t)block * VIT_CHANNELS + c, 0, value);
    cuda_load4(a->bias, c, 0, bias);
    for (unsigned i = 0; i < 4; i++) value[i] += bias[i];
  } else {
    cuda_load4(a->class_token, c, 0, value);
  }
  cuda_load4(a->position, (size_t)token * VIT_CHANNELS + c, 0, position);
  for (unsigned i = 0; i < 4; i++) value[i] += position[i];
  cuda_store4(a->tokens, (size_t)block * VIT_CHANNELS + c, 0, value);
}

#endif
