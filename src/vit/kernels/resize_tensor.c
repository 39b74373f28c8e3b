/* torch's two passes of one plane. Compiled without fused multiply-adds (cmake/kernels.cmake): each product is rounded,
 * then each sum, the same on all machines. */
#include "vit/kernels/resize_tensor.h"

#include "base/transpose.h"
#include "vit/kernels/interleave.h"

#define TILE VIT_RESIZE_TILE
#define LINE VIT_IMAGE_SIZE

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
                             taps->weights + (x + i) * taps->stride, taps->count[x + i]);
        transpose_block(tile);
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
                             taps->weights + y * taps->stride, taps->count[y]),
                    pixels + y * LINE + l);
}
