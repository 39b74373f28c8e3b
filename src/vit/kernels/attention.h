/* Attention of one head of one image, all in registers and L1: 50 tokens, padded to 64 where they are columns. */
#ifndef VIT_KERNELS_ATTENTION_H
#define VIT_KERNELS_ATTENTION_H

#include "vit/kernels/functions.h"
#include "vit/shape.h"

#define PADDED 64 /* tokens as columns */
#define COLUMNS (PADDED / LANES)
#define GROUP 4 /* vectors of columns held in registers at once */

#if VECTOR_REGISTERS == 32
#define ROWS_AT_ONCE 5 /* divides 50; 5 x 4 accumulators */
#else
#define ROWS_AT_ONCE 2
#endif

/* out[r][0..63] = sum over p < depth of left[r][p] * right[p][0..63], for ROWS_AT_ONCE rows. `right` is
 * [depth][ldr]. */
INLINE void rows_by_matrix(const float *left, size_t ldl, const float *right, size_t ldr, size_t depth, float *out,
                           size_t ldo) {
  for (size_t first = 0; first < COLUMNS; first += GROUP) {
    vec sum[ROWS_AT_ONCE][GROUP];
    UNROLL
    for (size_t r = 0; r < ROWS_AT_ONCE; r++) UNROLL
    for (size_t c = 0; c < GROUP; c++) sum[r][c] = (vec){0};
    for (size_t p = 0; p < depth; p++) {
      vec row[GROUP];
      UNROLL
      for (size_t c = 0; c < GROUP; c++) row[c] = vec_load(right + p * ldr + (first + c) * LANES);
      UNROLL
      for (size_t r = 0; r < ROWS_AT_ONCE; r++) UNROLL
      for (size_t c = 0; c < GROUP; c++) sum[r][c] += left[r * ldl + p] * row[c];
    }
    UNROLL
    for (size_t r = 0; r < ROWS_AT_ONCE; r++) UNROLL
    for (size_t c = 0; c < GROUP; c++) vec_store(out + r * ldo + (first + c) * LANES, sum[r][c]);
  }
}

/* Columns [first, first + LANES) of a row of scores, the padding far below any score. A select, not stores into the
 * row: a vector load just after scalar stores waits for them. */
INLINE vec load_scores(const float *row, size_t first) {
  static const int32_t lane[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  vec score = vec_load(row + first);
  if (first + LANES <= VIT_TOKENS) return score;
  vec_int number;
  memcpy(&number, lane, sizeof number);
  return vec_select(number + (int32_t)first < VIT_TOKENS, score, vec_all(-1e30f));
}

/* The softmax of one row of 50 scores in place, the 14 columns of padding becoming zero; scores come unscaled. */
INLINE void softmax_row(float *row) {
  const float scale = 0.125f; /* 1 / sqrt(64), exact */
  vec score[COLUMNS];
  UNROLL
  for (size_t c = 0; c < COLUMNS; c++) score[c] = load_scores(row, c * LANES);
  vec most = score[0];
  UNROLL
  for (size_t c = 1; c < COLUMNS; c++) most = vec_max(most, score[c]);
  float largest = vec_largest(most);
  vec total = {0};
  UNROLL
  for (size_t c = 0; c < COLUMNS; c++) {
    score[c] = vec_exp((score[c] - largest) * scale);
    total += score[c];
  }
  float reciprocal = 1.0f / vec_sum(total);
  UNROLL
  for (size_t c = 0; c < COLUMNS; c++) vec_store(row + c * LANES, score[c] * reciprocal);
}

/* q, k, v: [50] rows of 64, VIT_QKV floats apart; out: [50] rows of 64, VIT_CHANNELS apart. `scratch`: [64][64] for the
 * transposed keys, [ROWS_AT_ONCE][64] for the weights. */
INLINE void attend(const la_gemm *gemm, const float *q, const float *k, const float *v, float *out, float *scratch) {
  float *keys = scratch, *weights = scratch + VIT_HEAD * PADDED;
  gemm->transpose((const char *)k, VIT_QKV * sizeof *k, VIT_TOKENS, VIT_HEAD, keys);
  for (size_t t = 0; t < VIT_TOKENS; t += ROWS_AT_ONCE) {
    rows_by_matrix(q + t * VIT_QKV, VIT_QKV, keys, PADDED, VIT_HEAD, weights, PADDED);
    for (size_t r = 0; r < ROWS_AT_ONCE; r++) softmax_row(weights + r * PADDED);
    rows_by_matrix(weights, PADDED, v, VIT_QKV, VIT_TOKENS, out + t * VIT_CHANNELS, VIT_CHANNELS);
  }
}

#endif
