/* What the network's files share: its matrices (network.c), packed (network_pack.c) and multiplied
 * (network_stages.c). */
#ifndef VIT_NETWORK_PARTS_H
#define VIT_NETWORK_PARTS_H

#include "vit/embed.h"
#include "vit/network.h"

enum { QKV, OUT, UP, DOWN, MATRICES };

typedef struct vit_block {
  la_matrix matrix[MATRICES];
  const float *ln1_gain, *ln1_bias, *qkv_bias, *out_bias, *ln2_gain, *ln2_bias, *up_bias, *down_bias;
} vit_block;

struct vit_network {
  const vit_weights *weights;
  const la_gemm *gemm;
  const vit_kernels *kernels;
  vit_normalisation normalisation;
  la_matrix patch;
  vit_block blocks[VIT_LAYERS];
  la_finish gelu;
  float *balanced; /* int8: see balance */
};

#endif
