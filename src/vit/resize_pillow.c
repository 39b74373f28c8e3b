/* Pillow's bilinear resize of 8-bit pictures, bit for bit (its libImaging/Resample.c): two passes of a
 * triangle filter whose weights are computed in double and rounded to 22 fractional bits; horizontally first,
 * each pass rounded to 8 bits. (From 12.2 on Pillow takes very tall pictures vertically first, from 13.0 all
 * that are more than twice as high as wide and shrink. The order here is that of all versions before, from
 * the years when the published models were trained.)
 *
 *   rgb [rows][width][3] --16 rows at a time--> block [column][3][16] --horizontal--> across [rows][3][224]
 *                                                                      --vertical----> pixels [3][224][224]
 *
 * The block puts 16 rows side by side, so that one weight meets 16 neighbouring bytes and the compiler can
 * use vectors; only rows and columns that the kept pixels depend on are read. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "vit/resize.h"

#define BITS 22
#define HALF (1 << (BITS - 1))
#define ROWS 16                   /* side by side in a block */
#define LINE (3 * VIT_IMAGE_SIZE) /* one row after the horizontal pass, a plane after the other */
#define LANES 16                  /* of a line at a time in the vertical pass */

static berg_status set_taps(vit_taps *taps, const vit_axis *axis, berg_error *error) {
  double scale = (double)axis->in / (double)axis->out;
  double support = scale > 1.0 ? scale : 1.0, inverse = 1.0 / support;
  taps->room = (size_t)ceil(support) * 2 + 1;
  taps->fixed = base_calloc(taps->room * VIT_IMAGE_SIZE, sizeof *taps->fixed, error);
  double *real = base_alloc(taps->room, sizeof *real, error);
  if (!taps->fixed || !real) {
    base_free(real);
    return BERG_ELIMIT;
  }
  for (size_t i = 0; i < VIT_IMAGE_SIZE; i++) {
    double centre = ((double)(axis->first + i) + 0.5) * scale, sum = 0;
    double low = centre - support + 0.5, high = centre + support + 0.5;
    size_t first = low > 0 ? (size_t)low : 0, end = high < (double)axis->in ? (size_t)high : axis->in;
    for (size_t j = 0; j < end - first; j++) {
      double distance = fabs(((double)(j + first) - centre + 0.5) * inverse);
      real[j] = distance < 1.0 ? 1.0 - distance : 0.0;
      sum += real[j];
    }
    for (size_t j = 0; j < end - first; j++)
      taps->fixed[i * taps->room + j] = (int32_t)(0.5 + real[j] / sum * (1 << BITS));
    taps->first[i] = first;
    taps->count[i] = end - first;
  }
  base_free(real);
  return BERG_OK;
}

/* The weighted sum of bytes, in two parts so that both fit the multipliers of 16 bits that every vector unit
 * has: a weight is high * 2^15 + low, and as the weights sum to 2^22 the high parts sum to at most 128, times
 * 255 less than 2^16. */
#define LOW_BITS 15

static int16_t low_part(int32_t weight) { return (int16_t)(weight & ((1 << LOW_BITS) - 1)); }
static uint16_t high_part(int32_t weight) { return (uint16_t)(weight >> LOW_BITS); }

static uint8_t to_byte(uint16_t high, int32_t low) {
  int32_t value = (HALF + ((int32_t)high << LOW_BITS) + low) >> BITS;
  return (uint8_t)(value > 255 ? 255 : value);
}

/* One output column of one channel for 16 rows: `block` at its first tap, taps 3 * ROWS apart. */
static void sum_columns(const uint8_t *restrict block, const int32_t *restrict weights, size_t count,
                        uint8_t *restrict out) {
  int32_t low[ROWS] = {0};
  uint16_t high[ROWS] = {0};
  for (size_t j = 0; j < count; j++, block += 3 * ROWS) {
    int16_t low_weight = low_part(weights[j]);
    uint16_t high_weight = high_part(weights[j]);
    for (size_t r = 0; r < ROWS; r++) low[r] += (int16_t)block[r] * low_weight;
    for (size_t r = 0; r < ROWS; r++) high[r] = (uint16_t)(high[r] + block[r] * high_weight);
  }
  for (size_t r = 0; r < ROWS; r++) out[r] = to_byte(high[r], low[r]);
}

/* 16 neighbouring bytes of an output row: `lines` at its first tap, taps a line apart. */
static void sum_rows(const uint8_t *restrict lines, const int32_t *restrict weights, size_t count,
                     uint8_t *restrict out) {
  int32_t low[LANES] = {0};
  uint16_t high[LANES] = {0};
  for (size_t j = 0; j < count; j++, lines += LINE) {
    int16_t low_weight = low_part(weights[j]);
    uint16_t high_weight = high_part(weights[j]);
    for (size_t l = 0; l < LANES; l++) low[l] += (int16_t)lines[l] * low_weight;
    for (size_t l = 0; l < LANES; l++) high[l] = (uint16_t)(high[l] + lines[l] * high_weight);
  }
  for (size_t l = 0; l < LANES; l++) out[l] = to_byte(high[l], low[l]);
}

typedef uint8_t lanes __attribute__((vector_size(ROWS)));

/* 16 x 16 bytes turned: interleaving row i with row i + 8, four times over, brings byte (r, c) to (c, r). */
static void turn(lanes tile[ROWS]) {
  for (int stage = 0; stage < 4; stage++) {
    lanes next[ROWS];
    for (int i = 0; i < ROWS / 2; i++) {
      lanes a = tile[i], b = tile[i + ROWS / 2];
      next[2 * i] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      next[2 * i + 1] = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
    memcpy(tile, next, sizeof next);
  }
}

/* `count` <= 16 rows of `bytes` bytes, `stride` apart, to block [bytes][16]; lanes beyond `count` repeat the
 * last row. */
static void interleave_rows(const uint8_t *rows, size_t stride, size_t count, size_t bytes, uint8_t *block) {
  const uint8_t *row[ROWS];
  for (size_t r = 0; r < ROWS; r++) row[r] = rows + (r < count ? r : count - 1) * stride;
  size_t at = 0;
  for (; at + ROWS <= bytes; at += ROWS) {
    lanes tile[ROWS];
    for (size_t r = 0; r < ROWS; r++) memcpy(&tile[r], row[r] + at, ROWS);
    turn(tile);
    memcpy(block + at * ROWS, tile, sizeof tile);
  }
  for (; at < bytes; at++)
    for (size_t r = 0; r < ROWS; r++) block[at * ROWS + r] = row[r][at];
}

/* rgb [rows][stride bytes] from the first column needed, to across [rows][3][224]. */
static void resize_across(const uint8_t *rgb, size_t stride, size_t rows, const vit_taps *taps, uint8_t *block,
                          uint8_t *across) {
  const size_t last = VIT_IMAGE_SIZE - 1, start = taps->first[0];
  const size_t columns = taps->first[last] + taps->count[last] - start;
  for (size_t y = 0; y < rows; y += ROWS) {
    size_t count = rows - y < ROWS ? rows - y : ROWS;
    interleave_rows(rgb + y * stride + 3 * start, stride, count, 3 * columns, block);
    for (size_t x = 0; x < VIT_IMAGE_SIZE; x++)
      for (size_t c = 0; c < 3; c++) {
        uint8_t out[ROWS];
        sum_columns(block + ((taps->first[x] - start) * 3 + c) * ROWS, taps->fixed + x * taps->room, taps->count[x],
                    out);
        for (size_t r = 0; r < count; r++) across[(y + r) * LINE + c * VIT_IMAGE_SIZE + x] = out[r];
      }
  }
}

static void resize_down(const uint8_t *across, const vit_taps *taps, uint8_t *pixels) {
  for (size_t y = 0; y < VIT_IMAGE_SIZE; y++) {
    uint8_t line[LINE];
    const uint8_t *lines = across + (taps->first[y] - taps->first[0]) * LINE;
    for (size_t l = 0; l < LINE; l += LANES)
      sum_rows(lines + l, taps->fixed + y * taps->room, taps->count[y], line + l);
    for (size_t c = 0; c < 3; c++)
      memcpy(pixels + (c * VIT_IMAGE_SIZE + y) * VIT_IMAGE_SIZE, line + c * VIT_IMAGE_SIZE, VIT_IMAGE_SIZE);
  }
}

berg_status vit_resize_pillow(const uint8_t *rgb, const vit_axis *x, const vit_axis *y, uint8_t *pixels,
                              berg_error *error) {
  vit_taps *taps = base_calloc(2, sizeof *taps, error);
  if (!taps) return BERG_ELIMIT;
  vit_taps *over = &taps[0], *down = &taps[1];
  berg_status status = set_taps(over, x, error);
  if (!status) status = set_taps(down, y, error);
  if (!status) {
    const size_t last = VIT_IMAGE_SIZE - 1;
    size_t rows = down->first[last] + down->count[last] - down->first[0];
    size_t columns = over->first[last] + over->count[last] - over->first[0];
    uint8_t *block = base_alloc(columns, 3 * ROWS, error), *across = base_alloc(rows, LINE, error);
    if (block && across) {
      resize_across(rgb + down->first[0] * 3 * x->in, 3 * x->in, rows, over, block, across);
      resize_down(across, down, pixels);
    } else {
      status = BERG_ELIMIT;
    }
    base_free(across);
    base_free(block);
  }
  base_free(over->weights);
  base_free(down->weights);
  base_free(taps);
  return status;
}
