/* The network's tensors: shapes, and which are matrices. */
#include "cuda/tensors.h"

cuda_tensor cuda_tensor_of(size_t t) {
  static const cuda_tensor before[VIT_BEFORE_BLOCKS] = {[VIT_CLASS_TOKEN] = {false, 1, VIT_CHANNELS},
                                                        [VIT_PATCH_WEIGHT] = {true, VIT_CHANNELS, VIT_PATCH_VALUES},
                                                        [VIT_PATCH_BIAS] = {false, 1, VIT_CHANNELS},
                                                        [VIT_POSITION] = {false, VIT_TOKENS, VIT_CHANNELS}};
  if (t < VIT_BEFORE_BLOCKS) return before[t];
  switch ((t - VIT_BEFORE_BLOCKS) % VIT_BLOCK_TENSORS) {
  case VIT_QKV_WEIGHT: return (cuda_tensor){true, VIT_QKV, VIT_CHANNELS};
  case VIT_QKV_BIAS: return (cuda_tensor){false, 1, VIT_QKV};
  case VIT_OUT_WEIGHT: return (cuda_tensor){true, VIT_CHANNELS, VIT_CHANNELS};
  case VIT_UP_WEIGHT: return (cuda_tensor){true, VIT_HIDDEN, VIT_CHANNELS};
  case VIT_UP_BIAS: return (cuda_tensor){false, 1, VIT_HIDDEN};
  case VIT_DOWN_WEIGHT: return (cuda_tensor){true, VIT_CHANNELS, VIT_HIDDEN};
  default: return (cuda_tensor){false, 1, VIT_CHANNELS};
  }
}
