/* Slabs of weights from rows at any address. */
#include "la/kernels/pack.h"

#include <math.h>

#include "base/transpose.h"
#include "la/gemm.h"

/* --- Transposition --- */

INLINE void transpose_strip(const char *rows, size_t row_bytes, const size_t columns, size_t depth, float *floats) {
  size_t p = 0;
  for (; p + LANES <= depth && columns; p += LANES) {
    vec v[LANES];
    UNROLL
    for (size_t i = 0; i < LANES; i++)
      v[i] = i < columns ? vec_load(rows + i * row_bytes + p * sizeof(float)) : (vec){0};
    transpose_block(v);
    UNROLL
    for (size_t i = 0; i < LANES; i++) vec_store(floats + (p + i) * LA_PANEL, v[i]);
  }
  for (; p < depth; p++)
    for (size_t i = 0; i < LANES; i++) {
      float value = 0;
      if (i < columns) memcpy(&value, rows + i * row_bytes + p * sizeof value, sizeof value);
      floats[p * LA_PANEL + i] = value;
    }
}

void KERNEL(la_transpose)(const char *rows, size_t row_bytes, size_t columns, size_t depth, float *floats) {
  for (size_t c = 0; c < LA_PANEL; c += LANES) {
    const size_t left = columns > c ? columns - c : 0;
    const char *from = rows + (left ? c : 0) * row_bytes;
    if (left < LANES)
      transpose_strip(from, row_bytes, left, depth, floats + c);
    else /* a constant, or each load would be a branch of sixteen */
      transpose_strip(from, row_bytes, LANES, depth, floats + c);
  }
}

/* --- bf16: the upper half of a float, rounded to nearest, ties to even; of a NaN as it is, but quiet: rounding could
 * carry it over into -0, and one whose bits lie in the lower half alone would become infinite --- */

INLINE vec_int round_bf16(vec value) {
  const vec_int bits = (vec_int)value, is_nan = value != value, half = 0x7fff + ((bits >> 16) & 1);
  return ((bits + (half & ~is_nan)) | (is_nan & 0x400000)) & (int32_t)0xffff0000;
}

/* Two floats as one pair: the first in the lower half. */
INLINE vec_int pair_bf16(vec first, vec second) { return ((round_bf16(first) >> 16) & 0xffff) | round_bf16(second); }

void KERNEL(la_pack_bf16)(const float *floats, size_t depth, void *slab) {
  for (size_t p = 0; p < depth; p += 2)
    for (size_t c = 0; c < LA_PANEL; c += LANES) {
      vec second = p + 1 < depth ? vec_load(floats + (p + 1) * LA_PANEL + c) : (vec){0};
      vec_int pairs = pair_bf16(vec_load(floats + p * LA_PANEL + c), second);
      memcpy((char *)slab + (p * LA_PANEL / 2 + c) * 4, &pairs, sizeof pairs);
    }
}

void KERNEL(la_load_bf16)(const float *x, size_t k, void *row, float *scale) {
  uint16_t *to = row;
  for (size_t p = 0; p < k; p++) {
    uint32_t bits;
    memcpy(&bits, x + p, sizeof bits);
    const uint32_t half = 0x7fff + ((bits >> 16) & 1);
    to[p] = (uint16_t)((x[p] == x[p] ? bits + half : bits | 0x400000) >> 16);
  }
  for (size_t p = k; p % 32; p++) to[p] = 0;
  *scale = 1;
}

/* --- int8 --- */

/* Adding 1.5 * 2^23 rounds to the nearest integer, which then lies in the low bits. */
INLINE vec_int round_int(vec value) {
  const float shift = 0x1.8p23f;
  return (vec_int)(value + shift) - (vec_int)vec_all(shift);
}

INLINE vec magnitude(vec value) { return (vec)((vec_int)value & 0x7fffffff); }

static void pack_int8_columns(const float *floats, size_t depth, int8_t *slab, int32_t *offset, float *scale) {
  vec most = {0};
  for (size_t p = 0; p < depth; p++) most = vec_max(most, magnitude(vec_load(floats + p * LA_PANEL)));
  const vec step = vec_max(most * (1.0f / 127), vec_all(1e-30f)), inverse = 1.0f / step;
  vec_int sum = {0};
  for (size_t p = 0; p < depth; p += 4) {
    vec_int packed = {0};
    for (size_t q = 0; q < 4 && p + q < depth; q++) {
      vec_int value = round_int(vec_load(floats + (p + q) * LA_PANEL) * inverse);
      sum += value;
      packed |= (value & 0xff) << (int32_t)(8 * q);
    }
    memcpy(slab + p * LA_PANEL, &packed, sizeof packed);
  }
  sum *= -128;
  memcpy(offset, &sum, sizeof sum);
  vec_store(scale, step);
}

void KERNEL(la_pack_int8)(const float *floats, size_t depth, void *slab) {
  int8_t *values = slab;
  int32_t *offset = (int32_t *)(void *)(values + (depth + 3) / 4 * 4 * LA_PANEL);
  float *scale = (float *)(void *)(offset + LA_PANEL);
  for (size_t c = 0; c < LA_PANEL; c += LANES)
    pack_int8_columns(floats + c, depth, values + 4 * c, offset + c, scale + c);
}

/* As unsigned numbers around 128, which is how the processor multiplies them with signed ones. */
void KERNEL(la_load_int8)(const float *x, size_t k, void *row, float *scale) {
  const size_t whole = k / (4 * LANES) * (4 * LANES);
  vec most[4] = {{0}}; /* four sums, or each step would wait for the one before */
  for (size_t p = 0; p < whole; p += 4 * LANES) UNROLL
  for (size_t i = 0; i < 4; i++) most[i] = vec_max(most[i], magnitude(vec_load(x + p + i * LANES)));
  float largest = vec_largest(vec_max(vec_max(most[0], most[1]), vec_max(most[2], most[3])));
  for (size_t p = whole; p < k; p++) largest = fabsf(x[p]) > largest ? fabsf(x[p]) : largest;
  const float step = largest > 1e-30f ? largest / 127 : 1e-30f, inverse = 1 / step;
  const float shift = 0x1.8p23f + 128; /* rounds, and leaves the number plus 128 in the lowest byte */
  uint8_t *to = row;
  for (size_t p = 0; p < whole; p += LANES) {
    vec_store_bytes(to + p, (vec_int)(vec_load(x + p) * inverse + shift));
  }
  for (size_t p = whole; p < k; p++) to[p] = (uint8_t)((int)lrintf(x[p] * inverse) + 128);
  for (size_t p = k; p % 4; p++) to[p] = 128;
  *scale = step;
}

/* x = step * (256 coarse + fine), both signed bytes. */
void KERNEL(la_load_int8_fine)(const float *x, size_t k, void *rows, float *scales) {
  const size_t row_bytes = (k + 63) / 64 * 64;
  uint8_t *coarse = rows, *fine = coarse + row_bytes;
  float largest = 0;
  for (size_t p = 0; p < k; p++) largest = fabsf(x[p]) > largest ? fabsf(x[p]) : largest;
  const float step = largest > 1e-30f ? largest / (127 * 256) : 1e-30f, inverse = 1 / step;
  for (size_t p = 0; p < k; p++) {
    const int32_t value = (int32_t)lrintf(x[p] * inverse), high = (value + 128 + 0x10000) / 256 - 0x100;
    coarse[p] = (uint8_t)(high + 128);
    fine[p] = (uint8_t)(value - 256 * high + 128);
  }
  for (size_t p = k; p % 4; p++) coarse[p] = fine[p] = 128;
  scales[0] = 256 * step;
  scales[1] = step;
}
