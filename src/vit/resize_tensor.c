/* torchvision's (>= 0.17) resize of a uint8 tensor: antialiased bilinear in float32, torch's
 * upsample_bilinear2d_aa, one rounding at the end. The weights follow torch's mixture of float and double
 * step by step and have its bits. The sums are in float32, taps in order, horizontally first; where the exact
 * result is a half, torch's builds differ with whether their compiler fused a multiplication and an addition,
 * and so do we from them: one level, one pixel in 600,000.
 *
 *   planes [3][rows][width] --16 rows at a time--> block [column][16] --horizontal--> across [3][rows][224]
 *                                                                     --vertical----> pixels [3][224][224] */
#include <math.h>
#include <stdbool.h>

#include "base/memory.h"
#include "vit/resize_kernels.h"

static berg_status set_taps(vit_taps *taps, const vit_axis *axis, berg_error *error) {
  float scale = (float)axis->in / (float)axis->out, support = scale >= 1.0f ? scale : 1.0f;
  float inverse = scale >= 1.0f ? (float)(1.0 / (double)scale) : 1.0f;
  taps->stride = (size_t)ceilf(support) * 2 + 1;
  taps->weights = base_calloc(taps->stride * VIT_IMAGE_SIZE, sizeof *taps->weights, error);
  if (!taps->weights) return BERG_ELIMIT;
  for (size_t i = 0; i < VIT_IMAGE_SIZE; i++) {
    float centre = (float)((double)scale * ((double)(axis->first + i) + 0.5)), sum = 0;
    double low = (double)(centre - support) + 0.5, high = (double)(centre + support) + 0.5;
    size_t first = low > 0 ? (size_t)low : 0, end = high < (double)axis->in ? (size_t)high : axis->in;
    /* Rounding of the centre may claim one tap too many, or push a far window of a long side past the end. */
    if (first >= axis->in) first = axis->in - 1;
    if (end <= first) end = first + 1;
    size_t count = end - first < taps->stride ? end - first : taps->stride;
    float *weights = taps->weights + i * taps->stride;
    for (size_t j = 0; j < count; j++) {
      float distance = fabsf((float)(((double)((float)(j + first) - centre) + 0.5) * (double)inverse));
      weights[j] = distance < 1.0f ? 1.0f - distance : 0.0f;
      sum += weights[j];
    }
    for (size_t j = 0; sum != 0 && j < count; j++) weights[j] /= sum;
    taps->first[i] = first;
    taps->count[i] = count;
  }
  return BERG_OK;
}

static berg_status resize(const uint8_t *planes, const vit_axis *x, const vit_axis *y, const vit_taps *over,
                          const vit_taps *down, uint8_t *pixels, berg_error *error) {
  const vit_resize_kernels *kernels = vit_resize_kernels_for(base_machine_isa());
  const size_t top = down->first[0], rows = vit_taps_end(down, 0, VIT_IMAGE_SIZE) - top;
  float *block = base_alloc(vit_resize_block(over, 1), sizeof *block, error);
  float *across = base_alloc(rows + VIT_BLOCK_ROWS - 1, VIT_IMAGE_SIZE * sizeof *across, error);
  const bool ready = block && across;
  for (size_t c = 0; ready && c < 3; c++) {
    const uint8_t *plane = planes + (c * y->in + top) * x->in + over->first[0];
    for (size_t row = 0; row < rows; row += VIT_BLOCK_ROWS)
      kernels->tensor_across(plane + row * x->in, x->in, rows - row < VIT_BLOCK_ROWS ? rows - row : VIT_BLOCK_ROWS,
                             over, block, across + row * VIT_IMAGE_SIZE);
    kernels->tensor_down(across, down, pixels + c * VIT_IMAGE_SIZE * VIT_IMAGE_SIZE);
  }
  base_free(across);
  base_free(block);
  return ready ? BERG_OK : BERG_ELIMIT;
}

berg_status vit_resize_tensor(const uint8_t *planes, const vit_axis *x, const vit_axis *y, uint8_t *pixels,
                              berg_error *error) {
  vit_taps over, down;
  over.weights = down.weights = NULL;
  berg_status status = set_taps(&over, x, error);
  if (!status) status = set_taps(&down, y, error);
  if (!status) status = resize(planes, x, y, &over, &down, pixels, error);
  base_free(over.weights);
  base_free(down.weights);
  return status;
}
