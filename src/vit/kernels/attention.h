/* Attention of one head of one image, all in registers and the first cache: 50 tokens, padded to 64 where they are columns. */
#ifndef VIT_KERNELS_ATTENTION_H
#define VIT_KERNELS_ATTENTION_H

#include "vit/kernels/functions.h"
#include "vit/shape.h"

#define PADDED 64 /* tokens as columns: four vectors */
#define COLUMNS (PADDED / LANES)

#if defined(__AVX512F__)
#define ROWS_AT_ONCE 5 /* divides 50; 5 x 4 accumulators */
#else
#define ROWS_AT_ONCE 2
#endif

/* out[r][0..63] = scale * sum over p < depth of left[r][p] * right[p][0..63], for ROWS_AT_ONCE rows. `right` is [depth][ldr]. */
INLINE void rows_by_matrix(const float *left, size_t ldl, const float *right, size_t ldr, size_t depth,
                           v16 out[][COLUMNS]) {
#pragma GCC unroll 8
  for (size_t r = 0; r < ROWS_AT_ONCE; r++)
#pragma GCC unroll 8
    for (size_t c = 0; c < COLUMNS; c++) out[r][c] = (v16){0};
  for (size_t p = 0; p < depth; p++) {
    v16 row[COLUMNS];
#pragma GCC unroll 8
    for (size_t c = 0; c < COLUMNS; c++) row[c] = v16_load(right + p * ldr + c * LANES);
#pragma GCC unroll 8
    for (size_t r = 0; r < ROWS_AT_ONCE; r++)
#pragma GCC unroll 8
      for (size_t c = 0; c < COLUMNS; c++) out[r][c] += left[r * ldl + p] * row[c];
  }
}

/* The softmax of one row of 50 scores, the 14 columns of padding left at zero; scores come unscaled. */
INLINE void softmax_row(const v16 scores[COLUMNS], float *weights) {
  v16i padding = {0,  0,  -1, -1, -1, -1, -1, -1,
                  -1, -1, -1, -1, -1, -1, -1, -1}; /* columns 48, 49 are the last tokens */
  const float scale = 0.125f;                      /* 1 / sqrt(64), exact */
  v16 score[COLUMNS];
  for (size_t c = 0; c < COLUMNS; c++) score[c] = scores[c] * scale;
  score[COLUMNS - 1] = v16_select(padding, v16_all(-1e30f), score[COLUMNS - 1]);
  v16 most = v16_max(v16_max(score[0], score[1]), v16_max(score[2], score[3]));
  float largest = most[0];
  for (size_t lane = 1; lane < LANES; lane++) largest = most[lane] > largest ? most[lane] : largest;
  v16 total = {0};
  for (size_t c = 0; c < COLUMNS; c++) {
    score[c] = v16_exp(score[c] - largest);
    total += score[c];
  }
  v16 reciprocal = v16_all(1.0f / v16_sum(total));
  for (size_t c = 0; c < COLUMNS; c++) v16_store(weights + c * LANES, score[c] * reciprocal);
}

/* q, k, v: [50] rows of 64, VIT_QKV floats apart; out: [50] rows of 64, VIT_CHANNELS apart. `scratch`: [64][64] for the
 * transposed keys, [ROWS_AT_ONCE][64] for the weights. */
INLINE void attend(const float *q, const float *k, const float *v, float *out, float *scratch) {
  float *keys = scratch, *weights = scratch + VIT_HEAD * PADDED;
  for (size_t d = 0; d < VIT_HEAD; d++) {
    for (size_t t = 0; t < VIT_TOKENS; t++) keys[d * PADDED + t] = k[t * VIT_QKV + d];
    for (size_t t = VIT_TOKENS; t < PADDED; t++) keys[d * PADDED + t] = 0.0f;
  }
  for (size_t t = 0; t < VIT_TOKENS; t += ROWS_AT_ONCE) {
    v16 rows[ROWS_AT_ONCE][COLUMNS];
    rows_by_matrix(q + t * VIT_QKV, VIT_QKV, keys, PADDED, VIT_HEAD, rows);
    for (size_t r = 0; r < ROWS_AT_ONCE; r++) softmax_row(rows[r], weights + r * PADDED);
    rows_by_matrix(weights, PADDED, v, VIT_QKV, VIT_TOKENS, rows);
    for (size_t r = 0; r < ROWS_AT_ONCE; r++)
      for (size_t c = 0; c < COLUMNS; c++) v16_store(out + (t + r) * VIT_CHANNELS + c * LANES, rows[r][c]);
  }
}

#endif
