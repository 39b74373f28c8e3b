/* Pillow's two passes. The weights have 22 fractional bits, the sums 30: more than a float holds. So a weight comes as two
 * floats, its upper and its lower 11 bits; bytes times 11 bits, 32 times added up, stay below 2^24, where floats are exact
 * in whatever order, and the same with and without fused multiply-adds. */
#include "vit/resize_kernels.h"

#include <stdbool.h>

#include "base/vector.h"

#define ROWS VIT_BLOCK_ROWS
#define EXACT 32 /* taps that may be added up in float */
#define STREAMS 3

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
#pragma GCC unroll 4
  for (int stage = 0; stage < 4; stage++) {
    bytes next[ROWS];
#pragma GCC unroll 8
    for (int i = 0; i < ROWS / 2; i++) {
      next[2 * i] = __builtin_shufflevector(tile[i], tile[i + ROWS / 2], PARTS(0));
      next[2 * i + 1] = __builtin_shufflevector(tile[i], tile[i + ROWS / 2], PARTS(8));
    }
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++) tile[i] = next[i];
  }
}

/* In steps of two, for which gcc 12 has instructions. */
INLINE vec load_bytes(const uint8_t *from) {
  vec_bytes narrow;
  memcpy(&narrow, from, sizeof narrow);
  vec_int wide = __builtin_convertvector(__builtin_convertvector(narrow, vec_shorts), vec_int);
  return __builtin_convertvector(wide, vec);
}

static void interleave(const uint8_t *rows, size_t stride, size_t count, size_t width, float *block) {
  const uint8_t *row[ROWS];
  for (size_t r = 0; r < ROWS; r++) row[r] = rows + (r < count ? r : count - 1) * stride;
  size_t at = 0;
  for (; at + VECTOR_BYTES <= width; at += VECTOR_BYTES) {
    bytes tile[ROWS];
#pragma GCC unroll 16
    for (size_t r = 0; r < ROWS; r++) tile[r] = *(const bytes *)(row[r] + at);
    turn(tile);
    uint8_t turned[ROWS][VECTOR_BYTES];
    memcpy(turned, tile, sizeof turned);
    for (size_t part = 0; part < VECTOR_BYTES; part += 16)
      for (size_t i = 0; i < 16; i++)
        for (size_t r = 0; r < ROWS; r += LANES)
          vec_store(block + (at + part + i) * ROWS + r, load_bytes(turned[i] + part + r));
  }
  for (; at < width; at++)
    for (size_t r = 0; r < ROWS; r++) block[at * ROWS + r] = (float)row[r][at];
}

/* No clipping: rounded weights sum to at most 2^22 + count / 2, and so no sum reaches 256 before a count of 16,448, of a
 * picture of 2 million pixels square. */
INLINE void store_bytes(vec_int sum, uint8_t *to) {
  vec_bytes narrow = __builtin_convertvector((sum + (1 << 21)) >> 22, vec_bytes);
  memcpy(to, &narrow, sizeof narrow);
}

/* Three streams of LANES neighbours, bytes or floats, the streams `apart` elements apart: the sum over the taps, `step`
 * elements apart, to out, out + to_apart, ... */
INLINE void sum_taps(const void *from, bool is_bytes, size_t step, size_t apart, const float *weights, size_t count,
                     uint8_t *out, size_t out_apart) {
  vec_int sum[STREAMS] = {{0}};
  for (size_t begin = 0; begin < count; begin += EXACT) {
    const size_t end = count - begin < EXACT ? count : begin + EXACT;
    vec high[STREAMS] = {{0}}, low[STREAMS] = {{0}};
    for (size_t j = begin; j < end; j++)
#pragma GCC unroll 3
      for (size_t s = 0; s < STREAMS; s++) {
        size_t at = j * step + s * apart;
        vec value = is_bytes ? load_bytes((const uint8_t *)from + at) : vec_load((const float *)from + at);
        high[s] += value * weights[2 * j];
        low[s] += value * weights[2 * j + 1];
      }
#pragma GCC unroll 3
    for (size_t s = 0; s < STREAMS; s++)
      sum[s] += (__builtin_convertvector(high[s], vec_int) << 11) + __builtin_convertvector(low[s], vec_int);
  }
#pragma GCC unroll 3
  for (size_t s = 0; s < STREAMS; s++) store_bytes(sum[s], out + s * out_apart);
}

/* 16 output columns are a tile that is turned back, [column][3 and a spare][row] to rows of 16 in each plane. */
static void fixed_across(const float *block, const vit_taps *taps, uint8_t *across) {
  for (size_t first = 0; first < VIT_IMAGE_SIZE; first += 16) {
    uint8_t columns[16][4][ROWS];
    for (size_t i = 0; i < 16; i++) {
      const size_t x = first + i;
      const float *from = block + (taps->first[x] - taps->first[0]) * 3 * ROWS;
      for (size_t r = 0; r < ROWS; r += LANES)
        sum_taps(from + r, false, 3 * ROWS, ROWS, taps->weights + 2 * x * taps->room, taps->count[x], &columns[i][0][r],
                 ROWS);
      memset(columns[i][3], 0, ROWS);
    }
    for (size_t part = 0; part < 64; part += VECTOR_BYTES) {
      bytes tile[16];
#pragma GCC unroll 16
      for (size_t i = 0; i < 16; i++) tile[i] = *(const bytes *)(&columns[i][0][0] + part);
      turn(tile);
      uint8_t rows[ROWS][VECTOR_BYTES];
      memcpy(rows, tile, sizeof rows);
      for (size_t r = 0; r < ROWS; r++)
        for (size_t lane = 0; lane < VECTOR_BYTES && part + lane < 48; lane += 16)
          memcpy(across + r * VIT_LINE + (part + lane) / 16 * VIT_IMAGE_SIZE + first, rows[r] + lane, 16);
    }
  }
}

static void fixed_down(const uint8_t *across, const vit_taps *taps, uint8_t *pixels) {
  for (size_t y = 0; y < VIT_IMAGE_SIZE; y++) {
    uint8_t line[VIT_LINE];
    const uint8_t *lines = across + (taps->first[y] - taps->first[0]) * VIT_LINE;
    for (size_t l = 0; l < VIT_LINE; l += STREAMS * LANES)
      sum_taps(lines + l, true, VIT_LINE, LANES, taps->weights + 2 * y * taps->room, taps->count[y], line + l, LANES);
    for (size_t c = 0; c < 3; c++)
      memcpy(pixels + (c * VIT_IMAGE_SIZE + y) * VIT_IMAGE_SIZE, line + c * VIT_IMAGE_SIZE, VIT_IMAGE_SIZE);
  }
}

static void part_colours(const uint8_t *restrict rgb, size_t y, uint8_t *restrict pixels) {
  uint8_t *red = pixels + y * VIT_IMAGE_SIZE, *green = red + VIT_IMAGE_SIZE * VIT_IMAGE_SIZE,
          *blue = green + VIT_IMAGE_SIZE * VIT_IMAGE_SIZE;
  for (size_t x = 0; x < VIT_IMAGE_SIZE; x++) {
    red[x] = rgb[3 * x];
    green[x] = rgb[3 * x + 1];
    blue[x] = rgb[3 * x + 2];
  }
}

extern const vit_resize_kernels KERNEL(vit_resize_kernels);
const vit_resize_kernels KERNEL(vit_resize_kernels) = {interleave, fixed_across, fixed_down, part_colours};
