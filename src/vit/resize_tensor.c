/* torchvision's (>= 0.17) resize of a uint8 tensor: antialiased bilinear in float32, torch's
 * upsample_bilinear2d_aa, one rounding at the end. The weights follow torch's mixture of float and double
 * step by step and have its bits. The sums are in float32, taps in order, horizontally first; where the exact
 * result is a half, torch's builds differ with whether their compiler fused a multiplication and an addition,
 * and so do we from them: one level, one pixel in 600,000.
 *
 *   planes [3][rows][width] --16 rows at a time--> block [column][16] --horizontal--> across [3][rows][224]
 *                                                                     --vertical----> pixels [3][224][224] */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "vit/resize.h"

#define ROWS 16
#define LANES 32 /* of a row of 224 at a time in the vertical pass */

static berg_status set_taps(vit_taps *taps, const vit_axis *axis, berg_error *error) {
  float scale = (float)axis->in / (float)axis->out, support = scale >= 1.0f ? scale : 1.0f;
  float inverse = scale >= 1.0f ? (float)(1.0 / (double)scale) : 1.0f;
  taps->room = (size_t)ceilf(support) * 2 + 1;
  taps->weights = base_calloc(taps->room * VIT_IMAGE_SIZE, sizeof *taps->weights, error);
  if (!taps->weights) return BERG_ELIMIT;
  for (size_t i = 0; i < VIT_IMAGE_SIZE; i++) {
    float centre = (float)((double)scale * ((double)(axis->first + i) + 0.5)), sum = 0;
    double low = (double)(centre - support) + 0.5, high = (double)(centre + support) + 0.5;
    size_t first = low > 0 ? (size_t)low : 0, end = high < (double)axis->in ? (size_t)high : axis->in;
    /* Rounding of the centre may claim one tap too many, or push a far window of a long side past the end. */
    if (first >= axis->in) first = axis->in - 1;
    if (end <= first) end = first + 1;
    size_t count = end - first < taps->room ? end - first : taps->room;
    float *weights = taps->weights + i * taps->room;
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

static void interleave_rows(const uint8_t *restrict rows, size_t stride, size_t count, size_t columns,
                            float *restrict block) {
  const uint8_t *row[ROWS];
  for (size_t r = 0; r < ROWS; r++) row[r] = rows + (r < count ? r : count - 1) * stride;
  for (size_t i = 0; i < columns; i++)
    for (size_t r = 0; r < ROWS; r++) block[i * ROWS + r] = row[r][i];
}

static void sum_columns(const float *restrict block, const float *restrict weights, size_t count, float *restrict out) {
  float sum[ROWS];
  for (size_t r = 0; r < ROWS; r++) sum[r] = block[r] * weights[0];
  for (size_t j = 1; j < count; j++)
    for (size_t r = 0; r < ROWS; r++) sum[r] += block[j * ROWS + r] * weights[j];
  for (size_t r = 0; r < ROWS; r++) out[r] = sum[r];
}

/* Adding and taking away 1.5 * 2^23 rounds a float of this size to a whole number, half to even. */
static uint8_t to_byte(float value) {
  float whole = (value + 12582912.0f) - 12582912.0f;
  return (uint8_t)(int32_t)(whole < 0.0f ? 0.0f : whole > 255.0f ? 255.0f : whole);
}

static void sum_rows(const float *restrict lines, const float *restrict weights, size_t count, uint8_t *restrict out) {
  float sum[LANES];
  for (size_t l = 0; l < LANES; l++) sum[l] = lines[l] * weights[0];
  for (size_t j = 1; j < count; j++)
    for (size_t l = 0; l < LANES; l++) sum[l] += lines[j * VIT_IMAGE_SIZE + l] * weights[j];
  for (size_t l = 0; l < LANES; l++) out[l] = to_byte(sum[l]);
}

static void resize_across(const uint8_t *plane, size_t stride, size_t rows, const vit_taps *taps, size_t start,
                          size_t columns, float *block, float *across) {
  for (size_t y = 0; y < rows; y += ROWS) {
    size_t count = rows - y < ROWS ? rows - y : ROWS;
    interleave_rows(plane + y * stride + start, stride, count, columns, block);
    for (size_t x = 0; x < VIT_IMAGE_SIZE; x++) {
      float out[ROWS];
      sum_columns(block + (taps->first[x] - start) * ROWS, taps->weights + x * taps->room, taps->count[x], out);
      for (size_t r = 0; r < count; r++) across[(y + r) * VIT_IMAGE_SIZE + x] = out[r];
    }
  }
}

static void resize_down(const float *across, const vit_taps *taps, size_t start, uint8_t *pixels) {
  for (size_t y = 0; y < VIT_IMAGE_SIZE; y++)
    for (size_t l = 0; l < VIT_IMAGE_SIZE; l += LANES)
      sum_rows(across + (taps->first[y] - start) * VIT_IMAGE_SIZE + l, taps->weights + y * taps->room, taps->count[y],
               pixels + y * VIT_IMAGE_SIZE + l);
}

/* The inputs that the kept outputs depend on: from *start, returns how many. */
static size_t extent(const vit_taps *taps, size_t *start) {
  size_t end = 0;
  *start = taps->first[0];
  for (size_t i = 0; i < VIT_IMAGE_SIZE; i++)
    if (taps->first[i] + taps->count[i] > end) end = taps->first[i] + taps->count[i];
  return end - *start;
}

berg_status vit_resize_tensor(const uint8_t *planes, const vit_axis *x, const vit_axis *y, uint8_t *pixels,
                              berg_error *error) {
  vit_taps *taps = base_calloc(2, sizeof *taps, error);
  if (!taps) return BERG_ELIMIT;
  vit_taps *over = &taps[0], *down = &taps[1];
  berg_status status = set_taps(over, x, error);
  if (!status) status = set_taps(down, y, error);
  if (!status) {
    size_t top, left, rows = extent(down, &top), columns = extent(over, &left);
    float *block = base_alloc(columns, ROWS * sizeof *block, error);
    float *across = base_alloc(rows, VIT_IMAGE_SIZE * sizeof *across, error);
    if (!block || !across) status = BERG_ELIMIT;
    for (size_t c = 0; !status && c < 3; c++) {
      resize_across(planes + (c * y->in + top) * x->in, x->in, rows, over, left, columns, block, across);
      resize_down(across, down, top, pixels + c * VIT_IMAGE_SIZE * VIT_IMAGE_SIZE);
    }
    base_free(across);
    base_free(block);
  }
  base_free(over->weights);
  base_free(down->weights);
  base_free(taps);
  return status;
}
