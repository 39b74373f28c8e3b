/* random:SEED - weights from a counter, so that NumPy reproduces them exactly in twenty lines: docs/random-backbone.md
 * and tests/oracle/random_backbone.py are its other two forms. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/team.h"
#include "vit/weights.h"

static float normal(uint64_t seed, uint64_t tensor, uint64_t index, float scale) {
  return (float)base_random_bell(base_random_bits(seed, tensor, index)) * scale;
}

static double spread(size_t t) {
  if (t == VIT_CLASS_TOKEN || t == VIT_POSITION) return 0.1;
  if (t == VIT_PATCH_WEIGHT) return 1.0 / sqrt(VIT_PATCH_VALUES);
  if (t == VIT_PATCH_BIAS) return 0.02;
  switch ((t - VIT_BEFORE_BLOCKS) % VIT_BLOCK_TENSORS) {
  case VIT_LN1_GAIN:
  case VIT_LN2_GAIN: return 0.1;
  case VIT_QKV_WEIGHT:
  case VIT_OUT_WEIGHT:
  case VIT_UP_WEIGHT: return 1.0 / sqrt(VIT_CHANNELS);
  case VIT_DOWN_WEIGHT: return 1.0 / sqrt(VIT_HIDDEN);
  default: return 0.02;
  }
}

static int is_gain(size_t t) {
  if (t < VIT_BEFORE_BLOCKS) return 0;
  size_t which = (t - VIT_BEFORE_BLOCKS) % VIT_BLOCK_TENSORS;
  return which == VIT_LN1_GAIN || which == VIT_LN2_GAIN;
}

/* Gains lie around 1, but for eight channels that stand out twelvefold. */
static void finish_gains(uint64_t seed, size_t t, float *gain) {
  unsigned char outlier[VIT_CHANNELS] = {0};
  for (size_t c = 0; c < VIT_CHANNELS; c++) gain[c] = 1.0f + gain[c];
  for (uint64_t j = 0; j < 8; j++) outlier[base_random_bits(seed, t, (UINT64_C(1) << 32) + j) % VIT_CHANNELS] = 1;
  for (size_t c = 0; c < VIT_CHANNELS; c++)
    if (outlier[c]) gain[c] *= 12.0f;
}

/* Values of a tensor that a thread makes at a time. */
#define TOGETHER ((size_t)1 << 15)

typedef struct tensor_task {
  uint64_t seed;
  size_t t, count;
  float *values;
} tensor_task;

static void make_values(void *user, size_t index, size_t rank) {
  const tensor_task *task = user;
  const size_t first = index * TOGETHER, end = task->count - first < TOGETHER ? task->count : first + TOGETHER;
  const float scale = (float)(spread(task->t) / BASE_RANDOM_BELL_SPREAD);
  (void)rank;
  for (size_t i = first; i < end; i++) task->values[i] = normal(task->seed, task->t, i, scale);
}

berg_status vit_weights_random(vit_weights *weights, uint64_t seed, int threads, berg_error *error) {
  memset(weights, 0, sizeof *weights);
  for (size_t t = 0; t < VIT_TENSORS; t++) {
    weights->owned[t] = base_alloc(vit_tensor_count(t), sizeof(float), error);
    weights->tensor[t] = weights->owned[t];
    if (!weights->owned[t]) {
      vit_weights_release(weights);
      return BERG_ELIMIT;
    }
  }
  base_team *team = base_team_begin(threads);
  for (size_t t = 0; t < VIT_TENSORS; t++) {
    tensor_task task = {seed, t, vit_tensor_count(t), weights->owned[t]};
    base_team_share(team, (task.count + TOGETHER - 1) / TOGETHER, make_values, &task);
  }
  base_team_end(team);
  for (size_t t = 0; t < VIT_TENSORS; t++)
    if (is_gain(t)) finish_gains(seed, t, weights->owned[t]);
  return BERG_OK;
}
