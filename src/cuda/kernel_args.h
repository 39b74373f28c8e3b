/* The kernels by name, what each is given, and how many blocks it takes. Pointers are the device's. An array called
 * `any` in a comment is float32, or bfloat16 where `bf16` is 1. Bodies: src/cuda/kernels/. */
#ifndef CUDA_KERNEL_ARGS_H
#define CUDA_KERNEL_ARGS_H

#include <stddef.h>
#include <stdint.h>

#define CUDA_KERNEL_MAP(X) \
  X(cuda_patches)          \
  X(cuda_positions)        \
  X(cuda_layer_norm)       \
  X(cuda_attention)        \
  X(cuda_gelu)             \
  X(cuda_standardise)      \
  X(cuda_sums)             \
  X(cuda_gram_sum)         \
  X(cuda_round)

enum {
#define X(name) name##_id,
  CUDA_KERNEL_MAP(X)
#undef X
      CUDA_KERNELS
};

/* Normalised pixels as patches, the row of the class token zero. A block a row of `patches`. */
typedef struct cuda_patches_args {
  const uint8_t *pixels; /* [images][3][224][224] */
  const float *table;    /* [3][256] as vit_normalisation */
  void *patches;         /* any [images * 50][3072] */
  int bf16;
} cuda_patches_args;

/* In place: the product of the patches becomes tokens, with bias, class token and positions. A block a row. */
typedef struct cuda_positions_args {
  float *tokens;                              /* [images * 50][768] */
  const float *bias, *class_token, *position; /* [768], [768], [50][768] */
} cuda_positions_args;

/* As vit_kernels.layer_norm. A block a row. */
typedef struct cuda_layer_norm_args {
  const float *tokens;      /* [rows][768] */
  const float *gain, *bias; /* [768] */
  void *out;                /* any [rows][768] */
  int bf16;
} cuda_layer_norm_args;

/* softmax((q + bias)(k + bias)^T / 8) (v + bias) of one head of one image: a block each, block = image * 12 + head. */
typedef struct cuda_attention_args {
  const void *qkv;   /* any [images * 50][2304] */
  const float *bias; /* [2304] */
  void *out;         /* any [images * 50][768] */
  int bf16;
} cuda_attention_args;

/* In place: x + bias through the exact GELU. Three blocks a row. */
typedef struct cuda_gelu_args {
  void *hidden;      /* any [rows][3072] */
  const float *bias; /* [3072] */
  int bf16;
} cuda_gelu_args;

/* The first `tokens` tokens of each image, standardised. A block a token: block = image * tokens + token. */
typedef struct cuda_standardise_args {
  const float *x;                                     /* [images][50][768] */
  const float *centre_high, *centre_low, *reciprocal; /* [tokens][768] of this layer */
  void *z;                                            /* any [images][tokens][768] */
  unsigned tokens;
  int bf16;
} cuda_standardise_args;

/* Adds the tokens' products, in their order, to the sums in double; after the last layer the scores. A block an
 * image. */
typedef struct cuda_sums_args {
  const float *products; /* [tokens][images][components] */
  double *sums;          /* [images][components] */
  float *scores;         /* [images][components] */
  unsigned tokens, images, components;
  int first, last; /* of the layers */
} cuda_sums_args;

/* G[row + i][j] += product[i][j] for j <= row + i. A block a row i. */
typedef struct cuda_gram_sum_args {
  const float *product; /* [rows of the strip][ld] */
  double *gram;         /* [n][n] */
  size_t n, row, ld;
} cuda_gram_sum_args;

/* float32 to bfloat16. */
#define CUDA_ROUND_PIECE 2048 /* numbers a block takes; `count` is a multiple of 4 */
typedef struct cuda_round_args {
  const float *from;
  uint16_t *to;
  size_t count;
} cuda_round_args;

#define CUDA_ARGS_MAX 96 /* bytes of the largest of them */

#endif
