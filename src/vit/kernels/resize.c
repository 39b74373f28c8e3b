/* Pillow's two passes. The weights have 22 fractional bits, the sums 30: more than a float holds. So a weight comes as
 * two floats, its upper and its lower 11 bits; bytes times 11 bits, 32 times added up, stay below 2^24, where floats
 * are exact in whatever order, and the same with and without fused multiply-adds. */
#include "vit/resize_kernels.h"

#include <stdbool.h>

#include "vit/kernels/interleave.h"
#include "vit/kernels/resize_tensor.h"

#define EXACT 32 /* taps that may be added up in float */
#define STREAMS 3

/* No clipping: rounded weights sum to at most 2^22 + count / 2, and so no sum reaches 256 before a count of 16,448, of
 * a picture of 2 million pixels square. */
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
    for (size_t j = begin; j < end; j++) UNROLL
    for (size_t s = 0; s < STREAMS; s++) {
      size_t at = j * step + s * apart;
      vec value = is_bytes ? load_bytes((const uint8_t *)from + at) : vec_load((const float *)from + at);
      high[s] += value * weights[2 * j];
      low[s] += value * weights[2 * j + 1];
    }
    UNROLL
    for (size_t s = 0; s < STREAMS; s++)
      sum[s] += (__builtin_convertvector(high[s], vec_int) << 11) + __builtin_convertvector(low[s], vec_int);
  }
  UNROLL
  for (size_t s = 0; s < STREAMS; s++) store_bytes(sum[s], out + s * out_apart);
}

/* Turns columns [16][3 and a spare][16 rows] back, into 16 pixels of each row of each plane. */
INLINE void store_columns(const uint8_t *columns, uint8_t *across) {
  for (size_t part = 0; part < 4 * ROWS; part += VECTOR_BYTES) {
    bytes tile[16];
    UNROLL
    for (size_t i = 0; i < 16; i++) tile[i] = *(const bytes *)(columns + i * 4 * ROWS + part);
    turn(tile);
    uint8_t rows[ROWS][VECTOR_BYTES];
    memcpy(rows, tile, sizeof rows); /* cppcheck-suppress bufferAccessOutOfBounds ; a tile is ROWS vectors */
    for (size_t r = 0; r < ROWS; r++)
      for (size_t lane = 0; lane < VECTOR_BYTES && part + lane < 3 * ROWS; lane += ROWS)
        memcpy(across + r * VIT_LINE + (part + lane) / ROWS * VIT_IMAGE_SIZE, rows[r] + lane, ROWS);
  }
}

static void fixed_across(const uint8_t *rows, size_t stride, size_t count, const vit_taps *taps, float *block,
                         uint8_t *across) {
  const size_t start = taps->first[0], total = 3 * (vit_taps_end(taps, 0, VIT_IMAGE_SIZE) - start);
  const uint8_t *row[ROWS];
  uint8_t columns[VIT_RESIZE_TILE][4][ROWS];
  memset(columns, 0, sizeof columns);
  point_rows(row, rows, stride, count);
  for (size_t first = 0; first < VIT_IMAGE_SIZE; first += VIT_RESIZE_TILE) {
    const size_t end = first + VIT_RESIZE_TILE;
    const size_t begin =
        interleave(row, total, 3 * (taps->first[first] - start), 3 * (vit_taps_end(taps, first, end) - start), block);
    for (size_t x = first; x < end; x++) {
      const float *from = block + (3 * (taps->first[x] - start) - begin) * ROWS;
      for (size_t r = 0; r < ROWS; r += LANES)
        sum_taps(from + r, false, 3 * ROWS, ROWS, taps->weights + 2 * x * taps->stride, taps->count[x],
                 &columns[x - first][0][r], ROWS);
    }
    store_columns(&columns[0][0][0], across + first);
  }
}

static void fixed_down(const uint8_t *across, const vit_taps *taps, uint8_t *pixels) {
  for (size_t y = 0; y < VIT_IMAGE_SIZE; y++) {
    uint8_t line[VIT_LINE];
    const uint8_t *lines = across + (taps->first[y] - taps->first[0]) * VIT_LINE;
    for (size_t l = 0; l < VIT_LINE; l += STREAMS * LANES)
      sum_taps(lines + l, true, VIT_LINE, LANES, taps->weights + 2 * y * taps->stride, taps->count[y], line + l, LANES);
    for (size_t c = 0; c < 3; c++)
      memcpy(pixels + (c * VIT_IMAGE_SIZE + y) * VIT_IMAGE_SIZE, line + c * VIT_IMAGE_SIZE, VIT_IMAGE_SIZE);
  }
}

static void part_colours(const uint8_t *restrict rgb, size_t count, uint8_t *restrict red, uint8_t *restrict green,
                         uint8_t *restrict blue) {
  for (size_t x = 0; x < count; x++) {
    red[x] = rgb[3 * x];
    green[x] = rgb[3 * x + 1];
    blue[x] = rgb[3 * x + 2];
  }
}

extern const vit_resize_kernels KERNEL(vit_resize_kernels);
const vit_resize_kernels KERNEL(vit_resize_kernels) = {.fixed_across = fixed_across,
                                                       .fixed_down = fixed_down,
                                                       .part_colours = part_colours,
                                                       .tensor_across = KERNEL(vit_tensor_across),
                                                       .tensor_down = KERNEL(vit_tensor_down)};
