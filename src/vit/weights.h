/* The tensors of ViT-B/32 that the features need, by number, name and shape. */
#ifndef VIT_WEIGHTS_H
#define VIT_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "vit/shape.h"

/* Tensors are numbered as docs/random-backbone.md lists them: four before the blocks, then twelve for each block. */
enum { VIT_CLASS_TOKEN, VIT_PATCH_WEIGHT, VIT_PATCH_BIAS, VIT_POSITION, VIT_BEFORE_BLOCKS };
typedef enum vit_block_tensor {
  VIT_LN1_GAIN,
  VIT_LN1_BIAS,
  VIT_QKV_WEIGHT,
  VIT_QKV_BIAS,
  VIT_OUT_WEIGHT,
  VIT_OUT_BIAS,
  VIT_LN2_GAIN,
  VIT_LN2_BIAS,
  VIT_UP_WEIGHT, /* mlp.0 */
  VIT_UP_BIAS,
  VIT_DOWN_WEIGHT, /* mlp.3 */
  VIT_DOWN_BIAS,
  VIT_BLOCK_TENSORS
} vit_block_tensor;
#define VIT_TENSORS (VIT_BEFORE_BLOCKS + VIT_LAYERS * VIT_BLOCK_TENSORS)
#define VIT_BLOCK(layer, which) ((size_t)VIT_BEFORE_BLOCKS + (size_t)(layer)*VIT_BLOCK_TENSORS + (size_t)(which))

/* Shape of tensor `t` in torch's order of dimensions; returns the number of dimensions. */
size_t vit_tensor_shape(size_t t, size_t shape[4]);
size_t vit_tensor_count(size_t t);
/* torchvision's name; `old` spells the MLP as files of before 2022 do (mlp.linear_1, mlp.linear_2). */
#define VIT_NAME_ROOM 80
void vit_tensor_name(size_t t, bool old, char name[VIT_NAME_ROOM]);

typedef struct vit_weights {
  const float *tensor[VIT_TENSORS]; /* 4-byte aligned, C order */
  float *owned[VIT_TENSORS];        /* where the file's own bytes could not be used */
} vit_weights;

/* Whether tensor `t` is multiplied: the patch embedding and the four matrices of a block. */
bool vit_is_matrix(size_t t);

/* Finds an array by name; NULL: there is no such array. */
typedef const berg_array *(*vit_lookup)(const void *user, const char *name);

/* Binds every tensor: in place where it is aligned C-ordered float32, else as a converted copy (float64, float16,
 * bfloat16). EMODEL: missing, of another shape or type; `file` is for messages. */
berg_status vit_weights_bind(vit_weights *weights, vit_lookup lookup, const void *user, const char *file,
                             berg_error *error);
/* The same of all but the matrices, for a file that has them packed. */
berg_status vit_weights_bind_small(vit_weights *weights, vit_lookup lookup, const void *user, const char *file,
                                   berg_error *error);
/* The random backbone of docs/random-backbone.md: any seed gives plausible activations, with a few LayerNorm gains an
 * order of magnitude above the rest, as trained networks have. Computed by `threads` threads. */
berg_status vit_weights_random(vit_weights *weights, uint64_t seed, int threads, berg_error *error);
void vit_weights_release(vit_weights *weights);
/* Frees the owned copies of what is multiplied (not of biases and the like), once a network has packed them. */
void vit_weights_drop_matrices(vit_weights *weights);

/* Whether tensor `t`, where it is held, has neither NaN nor infinity. */
bool vit_tensor_is_finite(const vit_weights *weights, size_t t);

#endif
