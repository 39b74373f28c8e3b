/* torch's two passes of one plane. Compiled without fused multiply-adds (cmake/kernels.cmake): each product is rounded,
 * then each sum, the same on all machines. */
#include "vit/kernels/resize_tensor.h"

#include "vit/kernels/interleave.h"

#define TILE VIT_RESIZE_TILE
#define LINE VIT_IMAGE_SIZE

/* LANES x LANES floats turned, as the bytes in interleave.h. */
#if VECTOR_BYTES == 64
#define LOWER 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define UPPER 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define STAGES 4
#elif VECTOR_BYTES == 32
#define LOWER 0, 8, 1, 9, 2, 10, 3, 11
#define UPPER 4, 12, 5, 13, 6, 14, 7, 15
#define STAGES 3
#else
#define LOWER 0, 4, 1, 5
#define UPPER 2, 6, 3, 7
#define STAGES 2
#endif

INLINE void turn_floats(vec tile[LANES]) {
#pragma GCC unroll 4
  for (int stage = 0; stage < STAGES; stage++) {
    vec next[LANES];
#pragma GCC unroll 8
    for (size_t i = 0; i < LANES / 2; i++) {
      next[2 * i] = VEC_SHUFFLE(vec_int, tile[i], tile[i + LANES / 2], LOWER);
      next[2 * i + 1] = VEC_SHUFFLE(vec_int, tile[i], tile[i + LANES / 2], UPPER);
    }
#pragma GCC unroll 16
    for (size_t i = 0; i < LANES; i++) tile[i] = next[i];
  }
}

/* The sum of LANES neighbours over the taps, `step` floats apart, in order. */
INLINE vec sum_taps(const float *from, size_t step, const float *weights, size_t count) {
  vec sum = vec_load(from) * weights[0];
  for (size_t j = 1; j < count; j++) sum += vec_load(from + j * step) * weights[j];
  return sum;
}

void KERNEL(vit_tensor_across)(const uint8_t *rows, size_t stride, size_t count, const vit_taps *taps, float *block,
                               float *across) {
  const size_t start = taps->first[0], total = vit_taps_end(taps, 0, VIT_IMAGE_SIZE) - start;
  const uint8_t *row[ROWS];
  point_rows(row, rows, stride, count);
  for (size_t first = 0; first < VIT_IMAGE_SIZE; first += TILE) {
    const size_t begin =
        interleave(row, total, taps->first[first] - start, vit_taps_end(taps, first, first + TILE) - start, block);
    for (size_t x = first; x < first + TILE; x += LANES)
      for (size_t r = 0; r < ROWS; r += LANES) {
        vec tile[LANES];
        for (size_t i = 0; i < LANES; i++)
          tile[i] = sum_taps(block + (taps->first[x + i] - start - begin) * ROWS + r, ROWS,
                             taps->weights + (x + i) * taps->room, taps->count[x + i]);
        turn_floats(tile);
        for (size_t i = 0; i < LANES; i++) vec_store(across + (r + i) * LINE + x, tile[i]);
      }
  }
}

/* Adding and taking away 1.5 * 2^23 rounds a float of this size to a whole number, half to even. */
INLINE void store_rounded(vec value, uint8_t *to) {
  vec whole = vec_min(vec_max((value + 12582912.0f) - 12582912.0f, vec_all(0)), vec_all(255));
  vec_bytes narrow = __builtin_convertvector(__builtin_convertvector(whole, vec_int), vec_bytes);
  memcpy(to, &narrow, sizeof narrow);
}

void KERNEL(vit_tensor_down)(const float *across, const vit_taps *taps, uint8_t *pixels) {
  for (size_t y = 0; y < VIT_IMAGE_SIZE; y++)
    for (size_t l = 0; l < LINE; l += LANES)
      store_rounded(sum_taps(across + (taps->first[y] - taps->first[0]) * LINE + l, LINE,
                             taps->weights + y * taps->room, taps->count[y]),
                    pixels + y * LINE + l);
}
