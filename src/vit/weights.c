/* The network's tensors: names and sizes. */
#include "vit/weights.h"

#include <string.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/memory.h"
#include "base/text.h"

static const struct {
  const char *name;
  size_t ndim, shape[4];
} before[VIT_BEFORE_BLOCKS] = {
    [VIT_CLASS_TOKEN] = {"class_token", 3, {1, 1, VIT_CHANNELS}},
    [VIT_PATCH_WEIGHT] = {"conv_proj.weight", 4, {VIT_CHANNELS, 3, VIT_PATCH, VIT_PATCH}},
    [VIT_PATCH_BIAS] = {"conv_proj.bias", 1, {VIT_CHANNELS}},
    [VIT_POSITION] = {"encoder.pos_embedding", 3, {1, VIT_TOKENS, VIT_CHANNELS}},
};

static const struct {
  const char *name, *old;
  size_t ndim, shape[2];
} of_block[VIT_BLOCK_TENSORS] = {
    [VIT_LN1_GAIN] = {"ln_1.weight", NULL, 1, {VIT_CHANNELS}},
    [VIT_LN1_BIAS] = {"ln_1.bias", NULL, 1, {VIT_CHANNELS}},
    [VIT_QKV_WEIGHT] = {"self_attention.in_proj_weight", NULL, 2, {VIT_QKV, VIT_CHANNELS}},
    [VIT_QKV_BIAS] = {"self_attention.in_proj_bias", NULL, 1, {VIT_QKV}},
    [VIT_OUT_WEIGHT] = {"self_attention.out_proj.weight", NULL, 2, {VIT_CHANNELS, VIT_CHANNELS}},
    [VIT_OUT_BIAS] = {"self_attention.out_proj.bias", NULL, 1, {VIT_CHANNELS}},
    [VIT_LN2_GAIN] = {"ln_2.weight", NULL, 1, {VIT_CHANNELS}},
    [VIT_LN2_BIAS] = {"ln_2.bias", NULL, 1, {VIT_CHANNELS}},
    [VIT_UP_WEIGHT] = {"mlp.0.weight", "mlp.linear_1.weight", 2, {VIT_HIDDEN, VIT_CHANNELS}},
    [VIT_UP_BIAS] = {"mlp.0.bias", "mlp.linear_1.bias", 1, {VIT_HIDDEN}},
    [VIT_DOWN_WEIGHT] = {"mlp.3.weight", "mlp.linear_2.weight", 2, {VIT_CHANNELS, VIT_HIDDEN}},
    [VIT_DOWN_BIAS] = {"mlp.3.bias", "mlp.linear_2.bias", 1, {VIT_CHANNELS}},
};

size_t vit_tensor_shape(size_t t, size_t shape[4]) {
  if (t < VIT_BEFORE_BLOCKS) {
    memcpy(shape, before[t].shape, sizeof before[t].shape);
    return before[t].ndim;
  }
  size_t which = (t - VIT_BEFORE_BLOCKS) % VIT_BLOCK_TENSORS;
  memcpy(shape, of_block[which].shape, sizeof of_block[which].shape);
  return of_block[which].ndim;
}

size_t vit_tensor_count(size_t t) {
  size_t shape[4], count = 1, ndim = vit_tensor_shape(t, shape);
  for (size_t d = 0; d < ndim; d++) count *= shape[d];
  return count;
}

void vit_tensor_name(size_t t, bool old, char name[VIT_NAME_ROOM]) {
  if (t < VIT_BEFORE_BLOCKS) {
    base_print(name, VIT_NAME_ROOM, "%s", before[t].name);
    return;
  }
  size_t layer = (t - VIT_BEFORE_BLOCKS) / VIT_BLOCK_TENSORS, which = (t - VIT_BEFORE_BLOCKS) % VIT_BLOCK_TENSORS;
  const char *last = old && of_block[which].old ? of_block[which].old : of_block[which].name;
  base_print(name, VIT_NAME_ROOM, "encoder.layers.encoder_layer_%zu.%s", layer, last);
}

static berg_status check_shape(const berg_array *array, size_t t, const char *file, const char *name,
                               berg_error *error) {
  berg_array wanted = {.dtype = BERG_F32, .itemsize = 4};
  wanted.ndim = vit_tensor_shape(t, wanted.shape);
  bool floating =
      array->dtype == BERG_F32 || array->dtype == BERG_F64 || array->dtype == BERG_F16 || array->dtype == BERG_BF16;
  if (floating && array->ndim == wanted.ndim && !memcmp(array->shape, wanted.shape, wanted.ndim * sizeof *wanted.shape))
    return BERG_OK;
  char expected[128], found[128];
  base_array_describe(&wanted, expected, sizeof expected);
  base_array_describe(array, found, sizeof found);
  return base_fail_at(
      error, &(base_fault){BERG_EMODEL, file, BERG_NO_OFFSET, name, "not a tensor of ViT-B/32", expected, found});
}

static berg_status bind(vit_weights *weights, size_t t, const berg_array *array, berg_error *error) {
  if (array->dtype == BERG_F32 && base_array_is_contiguous(array) && (uintptr_t)array->data % sizeof(float) == 0) {
    weights->tensor[t] = array->data;
    return BERG_OK;
  }
  weights->owned[t] = base_alloc(vit_tensor_count(t), sizeof(float), error);
  if (!weights->owned[t]) return BERG_ELIMIT;
  base_convert_to_float(array, weights->owned[t]);
  weights->tensor[t] = weights->owned[t];
  return BERG_OK;
}

bool vit_is_matrix(size_t t) {
  if (t < VIT_BEFORE_BLOCKS) return t == VIT_PATCH_WEIGHT;
  return of_block[(t - VIT_BEFORE_BLOCKS) % VIT_BLOCK_TENSORS].ndim == 2;
}

static berg_status bind_all(vit_weights *weights, bool matrices, vit_lookup lookup, const void *user, const char *file,
                            berg_error *error) {
  memset(weights, 0, sizeof *weights);
  for (size_t t = 0; t < VIT_TENSORS; t++) {
    if (!matrices && vit_is_matrix(t)) continue;
    char name[VIT_NAME_ROOM], old[VIT_NAME_ROOM];
    vit_tensor_name(t, false, name);
    vit_tensor_name(t, true, old);
    const berg_array *array = lookup(user, name);
    if (!array) array = lookup(user, old);
    berg_status status =
        array ? check_shape(array, t, file, name, error)
              : base_fail_at(error, &(base_fault){BERG_EMODEL, file, BERG_NO_OFFSET, name, "tensor missing",
                                                  "the weights of torchvision's vit_b_32", "no tensor of this name"});
    if (!status) status = bind(weights, t, array, error);
    if (status) {
      vit_weights_release(weights);
      return status;
    }
  }
  return BERG_OK;
}

berg_status vit_weights_bind(vit_weights *weights, vit_lookup lookup, const void *user, const char *file,
                             berg_error *error) {
  return bind_all(weights, true, lookup, user, file, error);
}

berg_status vit_weights_bind_small(vit_weights *weights, vit_lookup lookup, const void *user, const char *file,
                                   berg_error *error) {
  return bind_all(weights, false, lookup, user, file, error);
}

void vit_weights_release(vit_weights *weights) {
  for (size_t t = 0; t < VIT_TENSORS; t++) base_free(weights->owned[t]);
  memset(weights, 0, sizeof *weights);
}

void vit_weights_drop_matrices(vit_weights *weights) {
  for (size_t t = 0; t < VIT_TENSORS; t++) {
    if (!vit_is_matrix(t) || !weights->owned[t]) continue;
    base_free(weights->owned[t]);
    weights->owned[t] = NULL;
    weights->tensor[t] = NULL;
  }
}

bool vit_tensor_is_finite(const vit_weights *weights, size_t t) {
  const size_t count = weights->tensor[t] ? vit_tensor_count(t) : 0;
  /* the sum of x * 0 is 0 unless some x is not finite; no branch in the loop, so that it vectorises */
  float zero = 0;
  for (size_t i = 0; i < count; i++) zero += weights->tensor[t][i] * 0.0f;
  return zero == 0.0f;
}
