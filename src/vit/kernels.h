/* The vector kernels of vit: what lies between the matrix products. A table for each instruction set. */
#ifndef VIT_KERNELS_H
#define VIT_KERNELS_H

#include <stddef.h>

#include "base/machine.h"
#include "vit/shape.h"

/* Bytes of scratch that attention needs. */
#define VIT_ATTENTION_SCRATCH (2 * VIT_HEAD * VIT_HEAD * sizeof(float))

typedef struct vit_kernels {
  /* y = (x - mean(x)) / sqrt(var(x) + 1e-6) * gain + bias over each row of 768. */
  void (*layer_norm)(const float *x, size_t rows, const float *gain, const float *bias, float *y);
  /* One image: softmax(q k^T / 8) v for each head. qkv [50][2304]: q, k, v, each head by head; out [50][768]. */
  void (*attention)(const float *qkv, float *out, void *scratch);
  /* What follows a product, from the product's own memory [rows][columns] to `out` [rows][ld]; columns a multiple of 16. */
  void (*add_bias)(const float *product, size_t rows, size_t columns, const float *bias, float *out, size_t ld);
  void (*add_bias_gelu)(const float *product, size_t rows, size_t columns, const float *bias, float *out, size_t ld);
  /* out += product + bias */
  void (*add_bias_residual)(const float *product, size_t rows, size_t columns, const float *bias, float *out,
                            size_t ld);
} vit_kernels;

/* NULL: not in this build. */
const vit_kernels *vit_kernels_for(base_isa isa);

#endif
