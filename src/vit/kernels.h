/* The vector kernels of vit: what lies between the matrix products. A table for each instruction set. */
#ifndef VIT_KERNELS_H
#define VIT_KERNELS_H

#include <stddef.h>

#include "la/gemm.h"
#include "vit/shape.h"

/* Bytes of scratch that attention needs. */
#define VIT_ATTENTION_SCRATCH (2 * VIT_HEAD * VIT_HEAD * sizeof(float))

/* Where tiles of a product go: `to` is that of row 0 and the panel's first column. */
typedef struct vit_output {
  float *to;
  size_t ld;
  const float *bias; /* [LA_PANEL] */
} vit_output;

typedef struct vit_kernels {
  /* y = (x - mean(x)) / sqrt(var(x) + 1e-6) * gain + bias over one row of 768. */
  void (*layer_norm)(const float *x, const float *gain, const float *bias, float *y);
  /* One head of one image: softmax(q k^T / 8) v. q, k, v: [50] rows of 64, VIT_QKV floats apart, VIT_CHANNELS from each
   * other; out [50] rows of 64, VIT_CHANNELS apart. */
  void (*attention)(const la_gemm *gemm, const float *qkv, float *out, void *scratch);
  /* What follows a product; `user` is a vit_output. out = tile + bias; */
  la_finish add_bias;
  la_finish add_bias_gelu;        /* out = gelu(tile + bias), */
  la_finish add_bias_gelu_coarse; /* the same to 2e-4, */
  la_finish add_bias_residual;    /* out += tile + bias, */
  la_finish add;                  /* out += tile. */
} vit_kernels;

/* NULL: not in this build. */
const vit_kernels *vit_kernels_for(base_isa isa);

#endif
