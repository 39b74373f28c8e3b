/* Resize and crop at the edges; the arithmetic against Pillow and NumPy is in tests/oracle/test_images.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "vit/preprocess.h"

static uint8_t pixels[VIT_PIXELS];

typedef berg_status preprocess(const uint8_t *bytes, size_t width, size_t height, uint8_t *out, berg_error *error);

#define PATHS 3
static preprocess *const paths[PATHS] = {vit_preprocess_tensor, vit_preprocess_picture, vit_preprocess_square};

static uint8_t *noise(size_t count) {
  uint8_t *bytes = malloc(count);
  uint32_t state = 1;
  for (size_t i = 0; i < count; i++) {
    state = state * 1664525u + 1013904223u;
    bytes[i] = (uint8_t)(state >> 24);
  }
  return bytes;
}

/* [height][width][3] to [3][height][width] */
static uint8_t *to_planes(const uint8_t *rgb, size_t count) {
  uint8_t *planes = malloc(3 * count);
  for (size_t c = 0; c < 3; c++)
    for (size_t i = 0; i < count; i++) planes[c * count + i] = rgb[3 * i + c];
  return planes;
}

static void short_side_of_256_is_only_cropped(void **state) {
  (void)state;
  /* (259 - 224) / 2 = 17.5 rounds to 18, (257 - 224) / 2 = 16.5 to 16: half to even */
  const size_t sizes[][4] = {
      {256, 256, 16, 16}, {256, 259, 16, 18}, {259, 256, 18, 16}, {257, 256, 16, 16}, {1000, 256, 388, 16}};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    size_t width = sizes[s][0], height = sizes[s][1], left = sizes[s][2], top = sizes[s][3];
    uint8_t *rgb = noise(3 * width * height), *planes = to_planes(rgb, width * height);
    for (int tensor = 0; tensor < 2; tensor++) {
      memset(pixels, 7, sizeof pixels);
      assert_int_equal(tensor ? vit_preprocess_tensor(planes, width, height, pixels, NULL)
                              : vit_preprocess_picture(rgb, width, height, pixels, NULL),
                       BERG_OK);
      for (size_t c = 0; c < 3; c++)
        for (size_t y = 0; y < 224; y++)
          assert_memory_equal(pixels + (c * 224 + y) * 224, planes + (c * height + top + y) * width + left, 224);
    }
    free(rgb);
    free(planes);
  }
}

/* Weights sum to one: a picture of one colour keeps it, whatever its size. */
static void one_colour_stays(void **state) {
  (void)state;
  const size_t sizes[][2] = {{1, 1},     {1, 2},     {3, 1},     {2, 700},     {700, 3},
                             {224, 224}, {255, 255}, {257, 256}, {1500, 1000}, {1, 5000}};
  const uint8_t colours[][3] = {{0, 0, 0}, {255, 255, 255}, {1, 128, 254}};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
    for (size_t k = 0; k < 3; k++) {
      size_t count = sizes[s][0] * sizes[s][1];
      uint8_t *rgb = malloc(3 * count);
      for (size_t i = 0; i < 3 * count; i++) rgb[i] = colours[k][i % 3];
      uint8_t *planes = to_planes(rgb, count);
      for (size_t p = 0; p < PATHS; p++) {
        memset(pixels, 7, sizeof pixels);
        assert_int_equal(
            paths[p](paths[p] == vit_preprocess_tensor ? planes : rgb, sizes[s][0], sizes[s][1], pixels, NULL),
            BERG_OK);
        for (size_t i = 0; i < VIT_PIXELS; i++) assert_int_equal(pixels[i], colours[k][i / (224 * 224)]);
      }
      free(rgb);
      free(planes);
    }
}

static void a_square_of_224_is_only_cropped(void **state) {
  (void)state;
  /* half to even: margins of 1, 3, 5 start at 0, 2, 2 */
  const size_t sizes[][4] = {
      {224, 224, 0, 0}, {225, 224, 0, 0}, {224, 227, 0, 2}, {229, 224, 2, 0}, {1000, 224, 388, 0}};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    size_t width = sizes[s][0], height = sizes[s][1], left = sizes[s][2], top = sizes[s][3];
    uint8_t *rgb = noise(3 * width * height), *planes = to_planes(rgb, width * height);
    memset(pixels, 7, sizeof pixels);
    assert_int_equal(vit_preprocess_square(rgb, width, height, pixels, NULL), BERG_OK);
    for (size_t c = 0; c < 3; c++)
      for (size_t y = 0; y < 224; y++)
        assert_memory_equal(pixels + (c * 224 + y) * 224, planes + (c * height + top + y) * width + left, 224);
    free(rgb);
    free(planes);
  }
}

/* The two paths differ by their roundings only. */
static void paths_are_close(void **state) {
  (void)state;
  const size_t sizes[][2] = {{300, 200}, {31, 57}, {800, 801}, {2, 2}};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    size_t width = sizes[s][0], height = sizes[s][1];
    uint8_t *rgb = noise(3 * width * height), *planes = to_planes(rgb, width * height);
    static uint8_t other[VIT_PIXELS];
    assert_int_equal(vit_preprocess_picture(rgb, width, height, pixels, NULL), BERG_OK);
    assert_int_equal(vit_preprocess_tensor(planes, width, height, other, NULL), BERG_OK);
    for (size_t i = 0; i < VIT_PIXELS; i++) assert_true(abs(pixels[i] - other[i]) <= 1);
    free(rgb);
    free(planes);
  }
}

static void extreme_shapes_are_cropped_first(void **state) {
  (void)state;
  const size_t length = 100000; /* resized whole it would be 256 x 25.6 million */
  uint8_t *rgb = noise(3 * length), *planes = to_planes(rgb, length);
  assert_int_equal(vit_preprocess_picture(rgb, length, 1, pixels, NULL), BERG_OK);
  assert_int_equal(vit_preprocess_picture(rgb, 1, length, pixels, NULL), BERG_OK);
  assert_int_equal(vit_preprocess_square(rgb, length, 1, pixels, NULL), BERG_OK);
  assert_int_equal(vit_preprocess_square(rgb, 1, length, pixels, NULL), BERG_OK);
  assert_int_equal(vit_preprocess_tensor(planes, length, 1, pixels, NULL), BERG_OK);
  assert_int_equal(vit_preprocess_tensor(planes, 1, length, pixels, NULL), BERG_OK);
  free(rgb);
  free(planes);
}

static void impossible_sizes_are_refused(void **state) {
  (void)state;
  const size_t sizes[][2] = {{0, 5}, {5, 0}, {0, 0}, {1, 8388608}, {8388608, 1}, {SIZE_MAX, 1}, {SIZE_MAX, SIZE_MAX}};
  const uint8_t byte = 0;
  for (size_t p = 0; p < 2; p++)
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
      berg_error error;
      assert_int_equal(paths[p](&byte, sizes[s][0], sizes[s][1], pixels, &error), BERG_ESTIMULUS);
      assert_non_null(strstr(error.message, sizes[s][0] && sizes[s][1] ? "too narrow" : "no pixels"));
    }
  for (size_t s = 0; s < 3; s++)
    assert_int_equal(vit_preprocess_square(&byte, sizes[s][0], sizes[s][1], pixels, NULL), BERG_ESTIMULUS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(short_side_of_256_is_only_cropped),
      cmocka_unit_test(a_square_of_224_is_only_cropped),
      cmocka_unit_test(one_colour_stays),
      cmocka_unit_test(paths_are_close),
      cmocka_unit_test(extreme_shapes_are_cropped_first),
      cmocka_unit_test(impossible_sizes_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
