/* Stimuli: what counts as images and what is refused, in which words; shards, strides, threads. 256 x 256
 * images are only cropped on the way to the network, so that what comes out is known without any resize. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/memory.h"
#include "io/container/npy.h"
#include "model/stimuli/stimuli.h"
#include "vit/preprocess.h"

/* Options that are said in full. */
#define SIZED .size = sizeof(berg_stimuli_options)

#define SIDE 256
#define MARGIN 16

static char folder[] = "/tmp/berg-stimuli-XXXXXX";

static const char *in(const char *name) {
  static char ring[4][128];
  static int next;
  next = (next + 1) % 4;
  snprintf(ring[next], sizeof ring[next], "%s/%s", folder, name);
  return ring[next];
}

static void put(const char *name, const void *bytes, size_t size) {
  FILE *file = fopen(in(name), "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, size, file), size);
  fclose(file);
}

static void put_text(const char *name, const char *text) { put(name, text, strlen(text)); }

static void put_npy(const char *name, berg_dtype dtype, const size_t *shape, size_t ndim, const void *data,
                    size_t bytes) {
  uint8_t *file = malloc(256 + bytes);
  size_t header = io_npy_write_header(file, 256, dtype, base_dtype_size(dtype), shape, ndim);
  memcpy(file + header, data, bytes);
  put(name, file, header + bytes);
  free(file);
}

/* Names only: what is in the files does not matter until pixels are asked for. */
static int make_files(void **state) {
  (void)state;
  if (!mkdtemp(folder)) return 1;
  mkdir(in("pictures"), 0777);
  mkdir(in("pictures/sub.jpg"), 0777);
  mkdir(in("empty"), 0777);
  mkdir(in("a:b"), 0777);
  const char *const pictures[] = {"b.JPG", "a.png", "B.jpeg", "aa.jpe", ".hidden.jpg", "notes.txt"};
  char name[64];
  for (size_t i = 0; i < 6; i++) {
    snprintf(name, sizeof name, "pictures/%s", pictures[i]);
    put_text(name, "no picture");
  }
  mkdir(in("others"), 0777);
  put_text("others/c.jfif", "no picture");
  put_text("others/b.tif", "no picture");
  put_text("others/a.WebP", "no picture");
  put_text("others/.hidden.gif", "no picture");
  put_text("list.txt", "\xef\xbb\xbf# two pictures\r\n\r\n  pictures/b.JPG \r\npictures/a.png");
  put_text("absent.txt", "pictures/b.JPG\n\nnone.jpg\n");
  put_text("blank.txt", "\n# nothing\n   \n");
  put("zero.txt", "a\0b", 3);
  put_text("a:b/list.txt", "../pictures/a.png\n");
  const uint8_t zeros[2 * 3 * 4 * 5 * 8] = {0};
  put("wide.txt",
      "\xff\xfe"
      "a\0\n\0",
      6);
  put("five.mat", "MATLAB 5.0 MAT-file\0", 20);
  put("photo", "RIFF....WEBPVP8 ", 16);
  put_npy("objects.npy", BERG_STRING, (size_t[]){2}, 1, "pickle", 6);
  put_npy("ok.npy", BERG_U8, (size_t[]){2, 3, 4, 5}, 4, zeros, 120);
  put_npy("float.npy", BERG_F32, (size_t[]){2, 3, 4, 5}, 4, zeros, 480);
  put_npy("flat.npy", BERG_U8, (size_t[]){2, 60}, 2, zeros, 120);
  put_text("empty.npy", "");
  put_text("wrong.npy", "\x93NUMPY nonsense that goes on for a while");
  return 0;
}

static int remove_files(void **state) {
  (void)state;
  char command[64];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

static void expect_refusal(const char *const *inputs, size_t count, const berg_stimuli_options *options,
                           berg_status status, const char *part) {
  berg_error error;
  berg_stimuli *stimuli;
  berg_status found = berg_stimuli_open(&stimuli, inputs, count, options, &error);
  if (found != status) fail_msg("status %d for \"%s\"", found, part);
  assert_null(stimuli);
  if (!strstr(error.message, part)) fail_msg("\"%s\" lacks \"%s\"", error.message, part);
}

static void refusals(void **state) {
  (void)state;
  const struct {
    const char *input;
    berg_status status;
    const char *part;
  } cases[] = {
      {"none.jpg", BERG_EINPUT, "none.jpg: cannot be opened: No such file or directory"},
      {"none.h5:data", BERG_EINPUT, "none.h5:data: cannot be opened: No such file or directory"},
      {"empty", BERG_EINPUT, "empty: no pictures (.jpg .jpeg .jpe .jfif .png) in this folder"},
      {"absent.txt", BERG_EINPUT, "absent.txt: line 3: "},
      {"blank.txt", BERG_EINPUT, "blank.txt: no paths in this list"},
      {"zero.txt", BERG_EINPUT, "zero.txt: is no picture, .npy, .npz or HDF5 file, and no list of paths, at byte 1"},
      {"wide.txt", BERG_EINPUT, "wide.txt: is text in UTF-16"},
      {"five.mat", BERG_EINPUT, "five.mat: is a MATLAB file of version 5"},
      {"photo", BERG_EINPUT, "photo: is a WebP picture, which is not read: expected JPEG or PNG"},
      {"objects.npy", BERG_ESTIMULUS, "objects.npy: is an array of Python objects"},
      {"float.npy", BERG_ESTIMULUS, "(x * 255).round().astype('uint8')"},
      {"flat.npy", BERG_ESTIMULUS, "is not a batch of images: expected 4 dimensions, (images, 3, height, width)"},
      {"empty.npy", BERG_EINPUT, "empty.npy"},
      {"wrong.npy", BERG_EINPUT, "wrong.npy"},
      {"list.txt:data", BERG_EINPUT, "list.txt: cannot be read as HDF5"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *input = in(cases[i].input);
    expect_refusal(&input, 1, NULL, cases[i].status, cases[i].part);
  }
  expect_refusal(NULL, 0, NULL, BERG_EINPUT, "no stimuli");
  expect_refusal((const char *[]){"/dev/null"}, 1, NULL, BERG_EINPUT, "neither a file nor a folder");
  expect_refusal((const char *[]){in("pictures"), in("ok.npy")}, 2, NULL, BERG_EARGUMENT, "cannot be mixed");
  expect_refusal((const char *[]){in("ok.npy"), in("list.txt")}, 2, NULL, BERG_EARGUMENT, "cannot be mixed");
  expect_refusal((const char *[]){in("ok.npy")}, 1, &(berg_stimuli_options){SIZED, .shard = 2, .shards = 2},
                 BERG_EARGUMENT, "shard 2 (from 0) of 2 does not exist");
  expect_refusal((const char *[]){in("ok.npy")}, 1, &(berg_stimuli_options){SIZED, .shard = 0, .shards = 3},
                 BERG_EARGUMENT, "2 images cannot be split into 3 shards");
  expect_refusal((const char *[]){in("ok.npy")}, 1, &(berg_stimuli_options){SIZED, .layout = BERG_NHWC}, BERG_ESTIMULUS,
                 "wrong number of channels: expected (images, height, width, 3), found uint8 (2, 3, 4, 5)");
  expect_refusal((const char *[]){in("ok.npy")}, 1, &(berg_stimuli_options){SIZED, .layout = (berg_layout)9},
                 BERG_EARGUMENT, "layout");
}

static void expect_names(const char *input, const berg_stimuli_options *options, const char *const *names,
                         size_t count) {
  berg_error error;
  berg_stimuli *stimuli;
  if (berg_stimuli_open(&stimuli, &input, 1, options, &error)) fail_msg("%s", error.message);
  assert_int_equal(berg_stimuli_count(stimuli), count);
  for (size_t i = 0; i < count; i++) {
    const char *name = berg_stimuli_name(stimuli, i);
    assert_string_equal(strrchr(name, '/') + 1, names[i]);
  }
  assert_null(berg_stimuli_name(stimuli, count));
  berg_stimuli_free(stimuli);
}

static void files_are_found_in_order(void **state) {
  (void)state;
  const char *const all[] = {"B.jpeg", "a.png", "aa.jpe", "b.JPG"}, *const listed[] = {"b.JPG", "a.png"};
  expect_names(in("pictures"), NULL, all, 4);
  expect_names(in("pictures/"), NULL, all, 4);
  expect_names(in("list.txt"), NULL, listed, 2);
  expect_names(in("a:b/list.txt"), NULL, listed + 1, 1);
  expect_names(in("pictures"), &(berg_stimuli_options){SIZED, .shard = 0, .shards = 3, .layout = BERG_LAYOUT_AUTO}, all,
               2);
  expect_names(in("pictures"), &(berg_stimuli_options){SIZED, .shard = 1, .shards = 3, .layout = BERG_LAYOUT_AUTO},
               all + 2, 1);
  expect_names(in("pictures"), &(berg_stimuli_options){SIZED, .shard = 2, .shards = 3, .layout = BERG_LAYOUT_AUTO},
               all + 3, 1);
}

static void pictures_of_other_formats_are_listed(void **state) {
  (void)state;
  berg_stimuli *stimuli;
  const char *input = in("others");
  expect_names(input, NULL, (const char *const[]){"c.jfif"}, 1);
  assert_int_equal(berg_stimuli_open(&stimuli, &input, 1, NULL, NULL), BERG_OK);
  assert_int_equal(berg_stimuli_others_count(stimuli), 2);
  assert_string_equal(strrchr(berg_stimuli_other(stimuli, 0), '/'), "/a.WebP");
  assert_string_equal(strrchr(berg_stimuli_other(stimuli, 1), '/'), "/b.tif");
  assert_null(berg_stimuli_other(stimuli, 2));
  berg_stimuli_free(stimuli);
}

static void bad_files_are_listed_in_order(void **state) {
  (void)state;
  const char *inputs[] = {in("pictures"), in("none.jpg")};
  berg_error error;
  berg_stimuli *stimuli;
  static uint8_t pixels[VIT_PIXELS];
  assert_int_equal(berg_stimuli_open(&stimuli, inputs, 2, &(berg_stimuli_options){SIZED, .skip_bad = 1}, &error),
                   BERG_OK);
  assert_true(model_stimuli_skips_bad(stimuli));
  assert_int_equal(berg_stimuli_count(stimuli), 5);
  const size_t order[] = {4, 0, 3, 0};
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(berg_stimuli_pixels(stimuli, order[i], pixels, &error), BERG_EINPUT);
    assert_int_equal(model_stimuli_mark_bad(stimuli, order[i], &error, NULL), BERG_OK);
  }
  assert_int_equal(berg_stimuli_skipped_count(stimuli), 3);
  assert_true(model_stimuli_is_bad(stimuli, 4) && model_stimuli_is_bad(stimuli, 0) &&
              !model_stimuli_is_bad(stimuli, 1));
  const char *const tails[] = {"/B.jpeg: ", "/b.JPG: ", "/none.jpg: "};
  for (size_t i = 0; i < 3; i++) {
    const char *text = berg_stimuli_skipped(stimuli, i);
    assert_non_null(strstr(text, tails[i]));
    assert_null(strstr(strstr(text, tails[i]) + 1, folder));
  }
  assert_null(berg_stimuli_skipped(stimuli, 3));
  assert_int_equal(berg_stimuli_pixels(stimuli, 5, pixels, &error), BERG_EARGUMENT);
  assert_int_equal(model_stimuli_prepare(stimuli, 4, 2, NULL, NULL, &error), BERG_EARGUMENT);
  berg_stimuli_free(stimuli);
}

static berg_array view_of(const void *data, berg_dtype dtype, const size_t *shape, size_t ndim) {
  berg_array array = {.dtype = dtype, .itemsize = base_dtype_size(dtype), .ndim = ndim, .data = data};
  memcpy(array.shape, shape, ndim * sizeof *shape);
  base_array_set_strides(&array, false);
  return array;
}

static void arrays_that_are_not_images(void **state) {
  (void)state;
  static const uint8_t zeros[4096];
  const struct {
    berg_dtype dtype;
    size_t ndim;
    size_t shape[8];
    berg_layout layout;
    const char *part;
  } cases[] = {
      {BERG_F32, 4, {1, 3, 4, 4}, BERG_LAYOUT_AUTO, "expected an integer type, found float32 (1, 3, 4, 4)"},
      {BERG_F64, 4, {1, 3, 4, 4}, BERG_LAYOUT_AUTO, "x.round().astype('uint8')"},
      {BERG_F16, 4, {1, 3, 4, 4}, BERG_LAYOUT_AUTO, "float16"},
      {BERG_BOOL, 4, {1, 3, 4, 4}, BERG_LAYOUT_AUTO, "whole numbers 0..255: expected an integer type, found bool"},
      {BERG_STRING, 4, {1, 3, 4, 4}, BERG_LAYOUT_AUTO, "found str"},
      {BERG_U8, 3, {3, 4, 4}, BERG_LAYOUT_AUTO, "4 dimensions"},
      {BERG_U8, 5, {1, 1, 3, 4, 4}, BERG_LAYOUT_AUTO, "4 dimensions"},
      {BERG_U8, 0, {0}, BERG_LAYOUT_AUTO, "4 dimensions"},
      {BERG_U8, 4, {1, 2, 4, 4}, BERG_LAYOUT_AUTO, "no dimension holds three channels"},
      {BERG_U8, 4, {1, 4, 4, 3}, BERG_NCHW, "wrong number of channels"},
      {BERG_U8, 4, {0, 3, 4, 4}, BERG_LAYOUT_AUTO, "no images"},
      {BERG_U8, 4, {1, 3, 0, 4}, BERG_LAYOUT_AUTO, "images without pixels"},
      {BERG_U8, 4, {1, 3, 1 << 20, 1 << 20}, BERG_LAYOUT_AUTO, "images too large: expected at most 178956970 pixels"},
      {BERG_U8, 4, {1, 3, SIZE_MAX, SIZE_MAX}, BERG_LAYOUT_AUTO, "images too large"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    berg_error error;
    berg_stimuli *stimuli;
    berg_array array = view_of(zeros, cases[i].dtype, cases[i].shape, cases[i].ndim);
    assert_int_equal(berg_stimuli_from_array(&stimuli, &array, cases[i].layout, &error), BERG_ESTIMULUS);
    assert_null(stimuli);
    if (!strstr(error.message, cases[i].part)) fail_msg("\"%s\" lacks \"%s\"", error.message, cases[i].part);
  }
}

static void values_out_of_range_are_named(void **state) {
  (void)state;
  const struct {
    berg_dtype dtype;
    int64_t value;
    const char *part;
  } cases[] = {
      {BERG_I8, -1, "found -1"},
      {BERG_U16, 256, "found 256"},
      {BERG_I16, -32768, "found -32768"},
      {BERG_I32, 1 << 24, "found 16777216"},
      {BERG_U32, 4294967295, "found 4294967295"},
      {BERG_I64, INT64_MIN, "found -9223372036854775808"},
      {BERG_U64, -1, "found 18446744073709551615"},
  };
  static uint8_t pixels[VIT_PIXELS];
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint8_t data[2 * 3 * 4 * 5 * 8] = {0};
    berg_array array = view_of(data, cases[i].dtype, (size_t[]){2, 3, 4, 5}, 4);
    memcpy(data + (60 + 20 + 10 + 3) * array.itemsize, &cases[i].value, array.itemsize);
    array.name = "x";
    berg_error error;
    berg_stimuli *stimuli;
    assert_int_equal(berg_stimuli_from_array(&stimuli, &array, BERG_LAYOUT_AUTO, &error), BERG_OK);
    assert_int_equal(berg_stimuli_pixels(stimuli, 0, pixels, &error), BERG_OK);
    assert_int_equal(berg_stimuli_pixels(stimuli, 1, pixels, &error), BERG_ESTIMULUS);
    assert_non_null(
        strstr(error.message, "x: image 1 (from 0): channel 1, row 2, column 3: value out of range: expected 0..255"));
    if (!strstr(error.message, cases[i].part)) fail_msg("\"%s\" lacks \"%s\"", error.message, cases[i].part);
    assert_int_equal(model_stimuli_mark_bad(stimuli, 1, &error, NULL), BERG_EARGUMENT);
    berg_stimuli_free(stimuli);
  }
}

/* A value for each channel, row and column, and where each is looked for behind the crop. */
static uint8_t value_at(size_t n, size_t c, size_t y, size_t x) { return (uint8_t)(n * 31 + c * 97 + y * 7 + x * 3); }

static void expect_pixels(const berg_array *array, berg_layout layout) {
  static uint8_t pixels[3][VIT_IMAGE_SIZE][VIT_IMAGE_SIZE];
  berg_error error;
  berg_stimuli *stimuli;
  if (berg_stimuli_from_array(&stimuli, array, layout, &error)) fail_msg("%s", error.message);
  assert_null(berg_stimuli_name(stimuli, 0));
  for (size_t n = 0; n < berg_stimuli_count(stimuli); n++) {
    if (berg_stimuli_pixels(stimuli, n, &pixels[0][0][0], &error)) fail_msg("%s", error.message);
    for (size_t c = 0; c < 3; c++)
      for (size_t y = 0; y < VIT_IMAGE_SIZE; y++)
        for (size_t x = 0; x < VIT_IMAGE_SIZE; x++)
          if (pixels[c][y][x] != value_at(n, c, y + MARGIN, x + MARGIN))
            fail_msg("image %zu at %zu %zu %zu", n, c, y, x);
  }
  berg_stimuli_free(stimuli);
}

static void every_type_and_any_strides(void **state) {
  (void)state;
  const berg_dtype types[] = {BERG_U8, BERG_U16, BERG_I16, BERG_U32, BERG_I32, BERG_U64, BERG_I64};
  const size_t count = 2, elements = count * 3 * SIDE * SIDE;
  uint8_t *data = calloc(elements, 8);
  assert_non_null(data);
  for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
    berg_array array = view_of(data, types[t], (size_t[]){count, 3, SIDE, SIDE}, 4);
    /* Rows from bottom to top, columns from right to left, channels last in memory. */
    const ptrdiff_t item = (ptrdiff_t)array.itemsize;
    array.strides[1] = item;
    array.strides[2] = -3 * SIDE * item;
    array.strides[3] = -3 * item;
    array.data = data + (3 * SIDE * SIDE - 3) * item;
    memset(data, 0, elements * 8);
    for (size_t n = 0; n < count; n++)
      for (size_t c = 0; c < 3; c++)
        for (size_t y = 0; y < SIDE; y++)
          for (size_t x = 0; x < SIDE; x++)
            data[(n * 3 * SIDE * SIDE + ((SIDE - 1 - y) * SIDE + SIDE - 1 - x) * 3 + c) * array.itemsize] =
                value_at(n, c, y, x);
    expect_pixels(&array, BERG_LAYOUT_AUTO);
    expect_pixels(&array, BERG_NCHW);
    berg_array last = array; /* the same seen as NHWC */
    for (size_t d = 1; d < 4; d++) {
      last.shape[d] = array.shape[d % 3 + 1];
      last.strides[d] = array.strides[d % 3 + 1];
    }
    expect_pixels(&last, BERG_LAYOUT_AUTO);
    expect_pixels(&last, BERG_NHWC);
  }
  free(data);
}

static void fingerprints_tell_apart(void **state) {
  (void)state;
  uint8_t data[2 * 3 * 4 * 5] = {0};
  berg_array array = view_of(data, BERG_U8, (size_t[]){2, 3, 4, 5}, 4);
  char first[MODEL_FINGERPRINT_ROOM], second[MODEL_FINGERPRINT_ROOM];
  berg_stimuli *stimuli;
  assert_int_equal(berg_stimuli_from_array(&stimuli, &array, BERG_LAYOUT_AUTO, NULL), BERG_OK);
  assert_int_equal(model_stimuli_fingerprint(stimuli, first, NULL), BERG_OK);
  assert_int_equal(model_stimuli_fingerprint(stimuli, second, NULL), BERG_OK);
  assert_string_equal(first, second);
  data[119] = 1;
  assert_int_equal(model_stimuli_fingerprint(stimuli, second, NULL), BERG_OK);
  assert_string_not_equal(first, second);
  berg_stimuli_free(stimuli);

  const char *inputs[] = {in("pictures")};
  const berg_stimuli_options options[] = {{SIZED, .skip_bad = 0},
                                          {SIZED, .skip_bad = 1},
                                          {SIZED, .shard = 0, .shards = 2},
                                          {SIZED, .shard = 1, .shards = 2}};
  char texts[4][MODEL_FINGERPRINT_ROOM];
  for (int i = 0; i < 4; i++) {
    assert_int_equal(berg_stimuli_open(&stimuli, inputs, 1, &options[i], NULL), BERG_OK);
    assert_int_equal(model_stimuli_fingerprint(stimuli, texts[i], NULL), BERG_OK);
    berg_stimuli_free(stimuli);
  }
  assert_string_equal(texts[0], texts[1]);
  assert_string_not_equal(texts[0], texts[2]);
  assert_string_not_equal(texts[2], texts[3]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refusals),
      cmocka_unit_test(files_are_found_in_order),
      cmocka_unit_test(pictures_of_other_formats_are_listed),
      cmocka_unit_test(bad_files_are_listed_in_order),
      cmocka_unit_test(arrays_that_are_not_images),
      cmocka_unit_test(values_out_of_range_are_named),
      cmocka_unit_test(every_type_and_any_strides),
      cmocka_unit_test(fingerprints_tell_apart),
  };
  return cmocka_run_group_tests(tests, make_files, remove_files);
}
