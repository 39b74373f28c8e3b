/* Early vision in the manner of Adelson and Bergen (1985): luminance through pairs of Gabor filters in quadrature, at
 * three scales and four orientations, their energy's root averaged in each cell of a grid; and the mean of three colour
 * channels.
 *
 * A complex Gabor filter is the product of two one-dimensional ones, so rows are filtered, then columns. */
#include <math.h>
#include <string.h>

#include "train/simulate/scene.h"

#define SIDE 96 /* of the luminance image at the finest scale: eight samples a cell */
#define TAPS 11
#define REACH (TAPS / 2)
#define WAVELENGTH 4.0f /* samples of each scale */
#define SPREAD 2.0f
#define PI 3.14159265f

_Static_assert(SIDE % (SIMULATE_GRID << (SIMULATE_SCALES - 1)) == 0, "whole samples a cell at every scale");

typedef struct vision_wave {
  float real[TAPS], imaginary[TAPS];
} vision_wave;

static vision_wave make_wave(float frequency) {
  vision_wave made;
  for (int t = 0; t < TAPS; t++) {
    const int offset = t - REACH;
    float x = (float)offset, weight = expf(-x * x / (2 * SPREAD * SPREAD)) / (SPREAD * sqrtf(2 * PI));
    made.real[t] = weight * cosf(frequency * x);
    made.imaginary[t] = weight * sinf(frequency * x);
  }
  return made;
}

/* Mean luminance and opponent colours over the pixels that fall to each sample. */
static void reduce(const uint8_t *pixels, size_t size, float (*luminance)[SIDE][SIDE], float *colours) {
  memset(colours, 0, 3 * SIMULATE_CELLS * sizeof *colours);
  for (size_t j = 0; j < SIDE; j++)
    for (size_t i = 0; i < SIDE; i++) {
      size_t y0 = j * size / SIDE, y1 = (j + 1) * size / SIDE, x0 = i * size / SIDE, x1 = (i + 1) * size / SIDE;
      unsigned sum[3] = {0}, count = 0;
      for (size_t y = y0; y < y1 || y == y0; y++)
        for (size_t x = x0; x < x1 || x == x0; x++, count++)
          for (size_t c = 0; c < 3; c++) sum[c] += pixels[(y * size + x) * 3 + c];
      float k = 1 / (255 * (float)count), r = k * (float)sum[0], g = k * (float)sum[1], b = k * (float)sum[2];
      float light = 0.299f * r + 0.587f * g + 0.114f * b, opponent[3] = {light, r - g, b - 0.5f * (r + g)};
      size_t cell = j * SIMULATE_GRID / SIDE * SIMULATE_GRID + i * SIMULATE_GRID / SIDE;
      (*luminance)[j][i] = light;
      for (size_t c = 0; c < 3; c++) colours[c * SIMULATE_CELLS + cell] += opponent[c];
    }
}

/* Half the side, the mean of four. */
static void halve(float (*image)[SIDE][SIDE], size_t side) {
  for (size_t y = 0; y < side / 2; y++)
    for (size_t x = 0; x < side / 2; x++)
      (*image)[y][x] = 0.25f * ((*image)[2 * y][2 * x] + (*image)[2 * y][2 * x + 1] + (*image)[2 * y + 1][2 * x] +
                                (*image)[2 * y + 1][2 * x + 1]);
}

static size_t inside(size_t at, size_t tap, size_t side) {
  size_t shifted = at + tap;
  return shifted < REACH ? 0 : shifted - REACH >= side ? side - 1 : shifted - REACH;
}

/* Rows of `image`, its edges repeated. */
static void filter_rows(float (*image)[SIDE][SIDE], size_t side, const vision_wave *wave, float (*real)[SIDE][SIDE],
                        float (*imaginary)[SIDE][SIDE]) {
  for (size_t y = 0; y < side; y++) {
    float line[SIDE + 2 * REACH];
    for (size_t x = 0; x < side + 2 * REACH; x++) line[x] = (*image)[y][inside(x, 0, side)];
    for (size_t x = 0; x < side; x++) (*real)[y][x] = (*imaginary)[y][x] = 0;
    for (size_t t = 0; t < TAPS; t++)
      for (size_t x = 0; x < side; x++) {
        (*real)[y][x] += wave->real[t] * line[x + t];
        (*imaginary)[y][x] += wave->imaginary[t] * line[x + t];
      }
  }
}

/* Columns, and the root of the energy into the cells. */
static void pool_columns(float (*real)[SIDE][SIDE], float (*imaginary)[SIDE][SIDE], size_t side,
                         const vision_wave *wave, float *cells) {
  for (size_t y = 0; y < side; y++) {
    float a[SIDE] = {0}, b[SIDE] = {0};
    for (size_t t = 0; t < TAPS; t++) {
      const float *re = (*real)[inside(y, t, side)], *im = (*imaginary)[inside(y, t, side)];
      for (size_t x = 0; x < side; x++) {
        a[x] += wave->real[t] * re[x] - wave->imaginary[t] * im[x];
        b[x] += wave->real[t] * im[x] + wave->imaginary[t] * re[x];
      }
    }
    float *row = cells + y * SIMULATE_GRID / side * SIMULATE_GRID;
    for (size_t x = 0; x < side; x++) row[x * SIMULATE_GRID / side] += sqrtf(a[x] * a[x] + b[x] * b[x]);
  }
}

void vision_early(const uint8_t *pixels, size_t size, float *features) {
  float luminance[SIDE][SIDE], real[SIDE][SIDE], imaginary[SIDE][SIDE];
  float *colours = features + SIMULATE_SCALES * SIMULATE_ORIENTATIONS * SIMULATE_CELLS;
  size_t side = SIDE;
  memset(features, 0, SIMULATE_EARLY * sizeof *features);
  reduce(pixels, size, &luminance, colours);
  for (size_t s = 0; s < SIMULATE_SCALES; s++, side /= 2) {
    if (s) halve(&luminance, side * 2);
    for (size_t o = 0; o < SIMULATE_ORIENTATIONS; o++) {
      float turn = PI * (float)o / SIMULATE_ORIENTATIONS, frequency = 2 * PI / WAVELENGTH;
      const vision_wave across = make_wave(frequency * cosf(turn)), down = make_wave(frequency * sinf(turn));
      filter_rows(&luminance, side, &across, &real, &imaginary);
      pool_columns(&real, &imaginary, side, &down, features + (s * SIMULATE_ORIENTATIONS + o) * SIMULATE_CELLS);
    }
  }
}
