/* Rows side by side: 16 rows of bytes as floats, so that one weight meets 16 neighbours. For the resizings' kernels. */
#ifndef VIT_KERNELS_INTERLEAVE_H
#define VIT_KERNELS_INTERLEAVE_H

#ifdef __AVX2__
#include <immintrin.h>
#endif

#include "base/vector.h"
#include "vit/resize_kernels.h"

#define ROWS VIT_BLOCK_ROWS

typedef uint8_t bytes __attribute__((vector_size(VECTOR_BYTES), aligned(1), may_alias));
typedef uint8_t vec_bytes __attribute__((vector_size(LANES)));
typedef uint16_t vec_shorts __attribute__((vector_size(2 * LANES)));

/* Interleaves the 16-byte parts of two vectors, their lower or upper halves. */
#define EIGHT(i)                                                                                         \
  (i), VECTOR_BYTES + (i), (i) + 1, VECTOR_BYTES + (i) + 1, (i) + 2, VECTOR_BYTES + (i) + 2, (i) + 3,    \
      VECTOR_BYTES + (i) + 3, (i) + 4, VECTOR_BYTES + (i) + 4, (i) + 5, VECTOR_BYTES + (i) + 5, (i) + 6, \
      VECTOR_BYTES + (i) + 6, (i) + 7, VECTOR_BYTES + (i) + 7
#if VECTOR_BYTES == 64
#define PARTS(i) EIGHT(i), EIGHT((i) + 16), EIGHT((i) + 32), EIGHT((i) + 48)
#elif VECTOR_BYTES == 32
#define PARTS(i) EIGHT(i), EIGHT((i) + 16)
#else
#define PARTS(i) EIGHT(i)
#endif

/* 16 x 16 bytes turned, in each 16-byte part of the vectors: interleaving row i with row i + 8, four times over, brings
 * byte (r, c) to (c, r). */
INLINE void turn(bytes tile[ROWS]) {
  UNROLL
  for (int stage = 0; stage < 4; stage++) {
    bytes next[ROWS];
    UNROLL
    for (int i = 0; i < ROWS / 2; i++) {
      next[2 * i] = VEC_SHUFFLE(bytes, tile[i], tile[i + ROWS / 2], PARTS(0));
      next[2 * i + 1] = VEC_SHUFFLE(bytes, tile[i], tile[i + ROWS / 2], PARTS(8));
    }
    UNROLL
    for (int i = 0; i < ROWS; i++) tile[i] = next[i];
  }
}

/* One instruction, which gcc 12 does not find by itself: its code for the portable form takes 0.3 ms an image more. */
INLINE vec load_bytes(const uint8_t *from) {
#if defined(__AVX512F__)
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i_u *)from)));
#elif defined(__AVX2__)
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadu_si64(from)));
#else
  vec_bytes narrow;
  memcpy(&narrow, from, sizeof narrow);
  return __builtin_convertvector(__builtin_convertvector(__builtin_convertvector(narrow, vec_shorts), vec_int), vec);
#endif
}

/* Where 16 rows begin; those beyond `count` are the last one. */
INLINE void point_rows(const uint8_t *row[ROWS], const uint8_t *rows, size_t stride, size_t count) {
  for (size_t r = 0; r < ROWS; r++) row[r] = rows + (r < count ? r : count - 1) * stride;
}

/* VECTOR_BYTES bytes of 16 rows, side by side as floats: block [VECTOR_BYTES][16]. */
INLINE void interleave_tile(const uint8_t *const row[ROWS], size_t at, float *block) {
  bytes tile[ROWS];
  UNROLL
  for (size_t r = 0; r < ROWS; r++) tile[r] = *(const bytes *)(row[r] + at);
  turn(tile);
  uint8_t turned[ROWS][VECTOR_BYTES];
  memcpy(turned, tile, sizeof turned); /* cppcheck-suppress bufferAccessOutOfBounds ; a tile is ROWS vectors */
  for (size_t part = 0; part < VECTOR_BYTES; part += 16)
    for (size_t i = 0; i < 16; i++)
      for (size_t r = 0; r < ROWS; r += LANES)
        vec_store(block + (part + i) * ROWS + r, load_bytes(turned[i] + part + r));
}

/* Bytes [from, to) of 16 rows of `total` bytes, in tiles that stay within the rows. Returns the byte that `block`
 * begins with: `from` or one before. */
INLINE size_t interleave(const uint8_t *const row[ROWS], size_t total, size_t from, size_t to, float *block) {
  if (total < VECTOR_BYTES) {
    for (size_t at = from; at < to; at++)
      for (size_t r = 0; r < ROWS; r++) block[(at - from) * ROWS + r] = (float)row[r][at];
    return from;
  }
  const size_t last = total - VECTOR_BYTES, begin = from < last ? from : last;
  for (size_t at = begin; at < to; at += VECTOR_BYTES) {
    const size_t tile = at < last ? at : last;
    interleave_tile(row, tile, block + (tile - begin) * ROWS);
  }
  return begin;
}

#endif
