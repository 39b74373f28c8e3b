/* Attention of one head of one image, all in shared memory: 50 tokens of 64 channels.
 *
 * Products in tiles of 4 x 4 that a thread keeps in registers: 13 x 13 tiles of scores, 13 x 16 of the result. The rows
 * of a tile, and the columns of one of scores, are 13 apart, and rows of q, k and v 65 floats: so neighbouring threads
 * read neighbouring banks. */
#ifndef CUDA_KERNELS_ATTENTION_H
#define CUDA_KERNELS_ATTENTION_H

#include "cuda/kernel.h"
#include "vit/shape.h"

#define CUDA_TILES 13 /* 4 * 13 >= 50 */
#define CUDA_HEAD_LD 65
#define CUDA_SOFTMAX 4 /* threads that share a row of scores */

enum { cuda_attention_THREADS = 224, cuda_attention_PHASES = 5 };

/* 49,000 bytes: the limit without opting in is 49,152. */
typedef struct cuda_attention_shared {
  float q[VIT_TOKENS * CUDA_HEAD_LD]; /* once the scores are there: their partial maxima and sums */
  float k[VIT_TOKENS * CUDA_HEAD_LD];
  float v[VIT_TOKENS * CUDA_HEAD_LD];
  float score[VIT_TOKENS * VIT_TOKENS];
} cuda_attention_shared;

CUDA_KERNEL void cuda_attention_load(const cuda_attention_args *a, unsigned block, unsigned thread,
                                     cuda_attention_shared *s) {
  const unsigned image = block / VIT_HEADS, head = block % VIT_HEADS, pieces = VIT_HEAD / 4;
  for (unsigned i = thread; i < 3 * VIT_TOKENS * pieces; i += cuda_attention_THREADS) {
    const unsigned part = i / (VIT_TOKENS * pieces), token = i / pieces % VIT_TOKENS, d = 4 * (i % pieces);
    const unsigned column = part * VIT_CHANNELS + head * VIT_HEAD + d;
    float *to = (part == 0 ? s->q : part == 1 ? s->k : s->v) + token * CUDA_HEAD_LD + d, value[4], bias[4];
    cuda_load4(a->qkv, ((size_t)image * VIT_TOKENS + token) * VIT_QKV + column, a->bf16, value);
    cuda_load4(a->bias, column, 0, bias);
    for (int j = 0; j < 4; j++) to[j] = value[j] + bias[j];
  }
}

/* Rows beyond the last one read the last one and write nothing. */
CUDA_KERNEL unsigned cuda_attention_row(unsigned row) { return row < VIT_TOKENS ? row : VIT_TOKENS - 1; }

CUDA_KERNEL void cuda_attention_scores(unsigned thread, cuda_attention_shared *s) {
  const unsigned row = thread / CUDA_TILES, column = thread % CUDA_TILES;
  float sum[4][4] = {{0}};
  if (thread >= CUDA_TILES * CUDA_TILES) return;
  for (unsigned d = 0; d < VIT_HEAD; d++) {
    float q[4], k[4];
    for (unsigned i = 0; i < 4; i++) {
      q[i] = s->q[cuda_attention_row(row + CUDA_TILES * i) * CUDA_HEAD_LD + d];
      k[i] = s->k[cuda_attention_row(column + CUDA_TILES * i) * CUDA_HEAD_LD + d];
    }
    for (unsigned i = 0; i < 4; i++)
      for (unsigned j = 0; j < 4; j++) sum[i][j] += q[i] * k[j];
  }
  for (unsigned i = 0; i < 4; i++)
    for (unsigned j = 0; j < 4; j++) {
      const unsigned r = row + CUDA_TILES * i, c = column + CUDA_TILES * j;
      if (r < VIT_TOKENS && c < VIT_TOKENS) s->score[r * VIT_TOKENS + c] = sum[i][j];
    }
}

/* Phase 2: each thread the largest of its quarter of a row. Phase 3: exp of what is left, and its sum. */
CUDA_KERNEL void cuda_attention_softmax(int phase, unsigned thread, cuda_attention_shared *s) {
  const unsigned row = thread / CUDA_SOFTMAX, part = thread % CUDA_SOFTMAX;
  float *score = s->score + row * VIT_TOKENS, *largest = s->q, *sum = s->q + VIT_TOKENS * CUDA_SOFTMAX;
  if (row >= VIT_TOKENS) return;
  if (phase == 2) {
    float most = score[part];
    for (unsigned c = part + CUDA_SOFTMAX; c < VIT_TOKENS; c += CUDA_SOFTMAX) most = fmaxf(most, score[c]);
    largest[thread] = most;
  } else {
    const float *of_row = largest + row * CUDA_SOFTMAX;
    const float most = fmaxf(fmaxf(of_row[0], of_row[1]), fmaxf(of_row[2], of_row[3]));
    float total = 0;
    for (unsigned c = part; c < VIT_TOKENS; c += CUDA_SOFTMAX) {
      score[c] = expf((score[c] - most) * 0.125f); /* 1 / sqrt(64), exact */
      total += score[c];
    }
    sum[thread] = total;
  }
}

CUDA_KERNEL void cuda_attention_values(const cuda_attention_args *a, unsigned block, unsigned thread,
                                       cuda_attention_shared *s) {
  const unsigned image = block / VIT_HEADS, head = block % VIT_HEADS, columns = VIT_HEAD / 4;
  const unsigned row = thread / columns, column = 4 * (thread % columns);
  const float *sums = s->q + VIT_TOKENS * CUDA_SOFTMAX;
  float out[4][4] = {{0}};
  if (row >= CUDA_TILES) return;
  for (unsigned t = 0; t < VIT_TOKENS; t++) {
    float weight[4], v[4];
    for (unsigned i = 0; i < 4; i++) {
      weight[i] = s->score[cuda_attention_row(row + CUDA_TILES * i) * VIT_TOKENS + t];
      v[i] = s->v[t * CUDA_HEAD_LD + column + i];
    }
    for (unsigned i = 0; i < 4; i++)
      for (unsigned j = 0; j < 4; j++) out[i][j] += weight[i] * v[j];
  }
  for (unsigned i = 0; i < 4; i++) {
    const unsigned r = row + CUDA_TILES * i;
    if (r >= VIT_TOKENS) continue;
    const float *sum = sums + r * CUDA_SOFTMAX;
    const float reciprocal = 1.0f / ((sum[0] + sum[1]) + (sum[2] + sum[3]));
    for (unsigned j = 0; j < 4; j++) out[i][j] *= reciprocal;
    cuda_store4(a->out, ((size_t)image * VIT_TOKENS + r) * VIT_CHANNELS + head * VIT_HEAD + column, a->bf16, out[i]);
  }
}

CUDA_KERNEL void cuda_attention(const cuda_attention_args *a, int phase, unsigned block, unsigned thread,
                                cuda_attention_shared *s) {
  if (phase == 0)
    cuda_attention_load(a, block, thread, s);
  else if (phase == 1)
    cuda_attention_scores(thread, s);
  else if (phase < 4)
    cuda_attention_softmax(phase, thread, s);
  else
    cuda_attention_values(a, block, thread, s);
}

#endif
