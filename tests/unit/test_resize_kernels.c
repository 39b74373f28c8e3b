/* The kernels of the resizings, of each instruction set, against plain loops: every byte, for any number of taps. Rows
 * end where their memory ends, so that the sanitizers see a read past them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "vit/resize_kernels.h"

#define SIZE VIT_IMAGE_SIZE
#define ROWS VIT_BLOCK_ROWS

static uint32_t state = 1;

static uint32_t draw(void) { return (state = state * 1664525u + 1013904223u) >> 8; }

static uint8_t *noise(size_t count) {
  uint8_t *bytes = malloc(count);
  assert_non_null(bytes);
  /* Half of them 255, which give the largest sums. */
  for (size_t i = 0; i < count; i++) bytes[i] = draw() & 1 ? 255 : (uint8_t)draw();
  return bytes;
}

/* `count` taps an output, outputs `step` hundredths of an input apart. Whole weights that sum to 2^22 in two halves, or
 * fractions that sum to about one. */
static vit_taps make_taps(size_t count, size_t step, int halves) {
  vit_taps taps = {.stride = count + 2};
  taps.weights = calloc(SIZE * taps.stride, 2 * sizeof *taps.weights);
  assert_non_null(taps.weights);
  for (size_t i = 0; i < SIZE; i++) {
    uint32_t left = 1 << 22;
    taps.first[i] = 5 + i * step / 100;
    taps.count[i] = count;
    for (size_t j = 0; j < count; j++) {
      uint32_t weight = j + 1 == count ? left : draw() % (2 * left / (uint32_t)(count - j) + 1);
      left -= weight;
      if (halves) {
        taps.weights[2 * (i * taps.stride + j)] = (float)(weight >> 11);
        taps.weights[2 * (i * taps.stride + j) + 1] = (float)(weight & 2047);
      } else {
        taps.weights[i * taps.stride + j] = (float)weight / (1 << 22) * 1.01f;
      }
    }
  }
  return taps;
}

/* Pillow's sum over inputs `apart` bytes apart. */
static uint8_t fixed_sum(const vit_taps *taps, size_t i, const uint8_t *from, size_t apart) {
  int64_t sum = 1 << 21;
  for (size_t j = 0; j < taps->count[i]; j++) {
    const float *halves = taps->weights + 2 * (i * taps->stride + j);
    sum += ((int64_t)halves[0] * 2048 + (int64_t)halves[1]) * from[j * apart];
  }
  return (uint8_t)(sum >> 22);
}

static void check_fixed(const vit_resize_kernels *kernels, size_t count, size_t step) {
  vit_taps taps = make_taps(count, step, 1);
  const size_t columns = vit_taps_end(&taps, 0, SIZE) - taps.first[0];
  uint8_t *rgb = noise(ROWS * 3 * columns), *lines = noise(columns * VIT_LINE), *across = malloc(ROWS * VIT_LINE);
  uint8_t *pixels = malloc(VIT_PIXELS);
  float *block = aligned_alloc(64, vit_resize_block(&taps, 3) * sizeof *block);
  assert_true(across && pixels && block);
  for (size_t rows = 1; rows <= ROWS; rows += 5) {
    kernels->fixed_across(rgb, 3 * columns, rows, &taps, block, across);
    for (size_t r = 0; r < ROWS; r++)
      for (size_t c = 0; c < 3; c++)
        for (size_t x = 0; x < SIZE; x++)
          assert_int_equal(
              across[r * VIT_LINE + c * SIZE + x],
              fixed_sum(&taps, x, rgb + ((r < rows ? r : rows - 1) * columns + taps.first[x] - taps.first[0]) * 3 + c,
                        3));
  }
  kernels->fixed_down(lines, &taps, pixels);
  for (size_t c = 0; c < 3; c++)
    for (size_t y = 0; y < SIZE; y++)
      for (size_t x = 0; x < SIZE; x++)
        assert_int_equal(
            pixels[(c * SIZE + y) * SIZE + x],
            fixed_sum(&taps, y, lines + (taps.first[y] - taps.first[0]) * VIT_LINE + c * SIZE + x, VIT_LINE));
  free(rgb);
  free(lines);
  free(across);
  free(pixels);
  free(block);
  free(taps.weights);
}

static void check_tensor(const vit_resize_kernels *kernels, size_t count, size_t step) {
  vit_taps taps = make_taps(count, step, 0);
  const size_t columns = vit_taps_end(&taps, 0, SIZE) - taps.first[0];
  uint8_t *plane = noise(ROWS * columns), *pixels = malloc(SIZE * SIZE);
  float *across = malloc(ROWS * SIZE * sizeof *across), *lines = malloc(columns * SIZE * sizeof *lines);
  float *block = aligned_alloc(64, vit_resize_block(&taps, 1) * sizeof *block);
  assert_true(pixels && across && lines && block);
  kernels->tensor_across(plane, columns, ROWS, &taps, block, across);
  for (size_t r = 0; r < ROWS; r++)
    for (size_t x = 0; x < SIZE; x++) {
      volatile float sum = 0, product; /* each rounded */
      for (size_t j = 0; j < count; j++) {
        product = taps.weights[x * taps.stride + j] * plane[r * columns + taps.first[x] - taps.first[0] + j];
        sum = sum + product;
      }
      assert_true(across[r * SIZE + x] == sum);
    }
  for (size_t i = 0; i < columns * SIZE; i++) lines[i] = (float)(draw() & 0xffff) / 256;
  kernels->tensor_down(lines, &taps, pixels);
  for (size_t y = 0; y < SIZE; y++)
    for (size_t x = 0; x < SIZE; x++) {
      volatile float sum = 0, product;
      for (size_t j = 0; j < count; j++) {
        product = taps.weights[y * taps.stride + j] * lines[(taps.first[y] - taps.first[0] + j) * SIZE + x];
        sum = sum + product;
      }
      int whole = (int)sum; /* to the nearest, half to even */
      float rest = sum - (float)whole;
      whole += rest > 0.5f || (rest == 0.5f && whole % 2);
      assert_int_equal(pixels[y * SIZE + x], whole > 255 ? 255 : whole);
    }
  free(plane);
  free(pixels);
  free(across);
  free(lines);
  free(block);
  free(taps.weights);
}

static void every_instruction_set_sums_alike(void **unused) {
  (void)unused;
  /* 32 taps are the most that are added up in float before they are gathered in integers */
  static const size_t counts[] = {1, 2, 3, 7, 8, 32, 33, 64, 70}, steps[] = {0, 1, 40, 87, 100, 312, 3000};
  for (int isa = 0; isa <= (int)base_machine_isa(); isa++)
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
      size_t s = c % (sizeof steps / sizeof *steps);
      check_fixed(vit_resize_kernels_for((base_isa)isa), counts[c], steps[s]);
      check_tensor(vit_resize_kernels_for((base_isa)isa), counts[c], steps[s]);
      check_fixed(vit_resize_kernels_for((base_isa)isa), counts[c], 100);
    }
}

static void colours_are_parted(void **unused) {
  (void)unused;
  for (int isa = 0; isa <= (int)base_machine_isa(); isa++)
    for (size_t count = 0; count < 200; count += count < 70 ? 1 : 43) {
      uint8_t *rgb = noise(3 * count), *planes = malloc(3 * count);
      vit_resize_kernels_for((base_isa)isa)->part_colours(rgb, count, planes, planes + count, planes + 2 * count);
      for (size_t i = 0; i < 3 * count; i++) assert_int_equal(planes[i % 3 * count + i / 3], rgb[i]);
      free(rgb);
      free(planes);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_instruction_set_sums_alike),
      cmocka_unit_test(colours_are_parted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
