/* The HDF5 reader on files that libhdf5 made (tests/tools/make_hdf5_fixtures.py): types, byte orders, storage; and what
 * it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/hdf5/hdf5.h"

#define ROWS 5
#define COLUMNS 3

#define TYPES TESTS_DIR "/unit/hdf5/types.h5"
#define NODES TESTS_DIR "/unit/hdf5/nodes.h5"

static char folder[] = "/tmp/berg-hdf5-XXXXXX";
static char cut[64];

static int make_folder(void **state) {
  (void)state;
  if (!mkdtemp(folder)) return 1;
  snprintf(cut, sizeof cut, "%s/c.h5", folder);
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  unlink(cut);
  return rmdir(folder);
}

static double value_of(const berg_array *about, const void *data, size_t i) {
  switch (about->dtype) {
  case BERG_U8: return ((const uint8_t *)data)[i];
  case BERG_U16: return ((const uint16_t *)data)[i];
  case BERG_I16: return ((const int16_t *)data)[i];
  case BERG_I64: return (double)((const int64_t *)data)[i];
  case BERG_U32: return ((const uint32_t *)data)[i];
  case BERG_F32: return (double)((const float *)data)[i];
  case BERG_F64: return ((const double *)data)[i];
  default: return -1;
  }
}

static void every_type_and_storage(void **state) {
  (void)state;
  const struct {
    const char *name;
    berg_dtype dtype;
  } cases[] = {{"group/data", BERG_U8}, {"/group/data", BERG_U8}, {"i16be", BERG_I16}, {"i64", BERG_I64},
               {"u32be", BERG_U32},     {"f32be", BERG_F32},      {"f64", BERG_F64},   {"compact", BERG_U16}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    io_hdf5 *dataset;
    berg_error error;
    if (io_hdf5_open(&dataset, TYPES, cases[i].name, &error)) fail_msg("%s", error.message);
    const berg_array *about = io_hdf5_about(dataset);
    assert_int_equal(about->dtype, cases[i].dtype);
    assert_int_equal(about->ndim, 2);
    assert_int_equal(about->shape[0], ROWS);
    assert_int_equal(about->shape[1], COLUMNS);
    assert_int_equal(about->strides[0], COLUMNS * about->itemsize);
    double data[ROWS * COLUMNS];
    for (size_t first = 0; first <= ROWS; first++)
      for (size_t count = 0; count <= ROWS - first; count++) {
        assert_int_equal(io_hdf5_read(dataset, first, count, data, NULL), BERG_OK);
        for (size_t j = 0; j < count * COLUMNS; j++)
          assert_true(value_of(about, data, j) == (double)(first * COLUMNS + j));
      }
    assert_int_equal(io_hdf5_read(dataset, ROWS, 1, data, NULL), BERG_EARGUMENT);
    assert_int_equal(io_hdf5_read(dataset, 1, SIZE_MAX, data, NULL), BERG_EARGUMENT);
    io_hdf5_free(dataset);
  }
}

static void refusals_say_what_is_there(void **state) {
  (void)state;
  const char *const cases[][2] = {
      {"none", "none: no such dataset; there are: bool, compact, external, f32be, f64, group/data, i16be, "
               "i64, long double, nine, ..."},
      {"group", "group: no such dataset; there are: bool"},
      {"", "say which dataset, as FILE:DATASET; there are: bool, compact, external"},
      {"text", "text: not a numeric dataset: expected integers of 1, 2, 4, 8 bytes or floats of 2, 4, 8, "
               "found text of 4 bytes"},
      {"bool", "found an enumeration (such as bool) of 1 bytes"},
      {"long double", "found floats of 16 bytes"},
      {"unwritten", "unwritten: its data were never written"},
      {"nothing", "nothing: holds no data"},
      {"nine", "too many dimensions: expected at most 8"},
      {"external", "external: its data lie in other files, which are not followed"},
      {"elsewhere", "elsewhere: is a link into another file, "},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    berg_error error;
    io_hdf5 *dataset;
    assert_int_equal(io_hdf5_open(&dataset, TYPES, cases[i][0], &error), BERG_EINPUT);
    assert_null(dataset);
    if (!strstr(error.message, cases[i][1])) fail_msg("\"%s\" lacks \"%s\"", error.message, cases[i][1]);
  }
  berg_error error;
  io_hdf5 *dataset;
  assert_int_equal(io_hdf5_open(&dataset, "/none.h5", "a", &error), BERG_EINPUT);
  assert_non_null(strstr(error.message, "/none.h5: cannot be opened: No such file"));
  assert_int_equal(io_hdf5_open(&dataset, folder, "a", &error), BERG_EINPUT);
  assert_non_null(strstr(error.message, "not a regular file"));
  assert_int_equal(io_hdf5_open(&dataset, "/proc/self/cmdline", "a", &error), BERG_EINPUT);
  assert_non_null(strstr(error.message, "cannot be read as HDF5"));
  io_hdf5_free(NULL);
}

/* The superblock of version 1 says how many chunks a node of a B-tree has. */
static void nodes_of_another_size(void **state) {
  (void)state;
  double found[ROWS * COLUMNS];
  for (int i = 0; i < 40; i++) {
    io_hdf5 *dataset;
    berg_error error;
    char name[8];
    snprintf(name, sizeof name, "d%d", i);
    if (io_hdf5_open(&dataset, NODES, name, &error)) fail_msg("%s", error.message);
    assert_int_equal(io_hdf5_read(dataset, 0, ROWS, found, &error), BERG_OK);
    for (int j = 0; j < ROWS * COLUMNS; j++) assert_true(found[j] == j);
    io_hdf5_free(dataset);
  }
}

static void scalars_have_no_rows(void **state) {
  (void)state;
  io_hdf5 *dataset;
  uint8_t byte;
  assert_int_equal(io_hdf5_open(&dataset, TYPES, "scalar", NULL), BERG_OK);
  assert_int_equal(io_hdf5_about(dataset)->ndim, 0);
  assert_int_equal(io_hdf5_read(dataset, 0, 1, &byte, NULL), BERG_EARGUMENT);
  io_hdf5_free(dataset);
}

/* Cut after every byte: refused, or read to the right values where what is missing was not needed. */
static void truncated_files_are_refused(void **state) {
  (void)state;
  FILE *file = fopen(TYPES, "rb");
  assert_non_null(file);
  static uint8_t bytes[1 << 16];
  size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  assert_true(size > 4096 && size < sizeof bytes);
  for (size_t length = 0; length < size; length += length < 200 ? 1 : 37) {
    file = fopen(cut, "wb");
    fwrite(bytes, 1, length, file);
    fclose(file);
    berg_error error;
    io_hdf5 *dataset;
    assert_int_equal(io_hdf5_open(&dataset, cut, "i64", &error), BERG_EINPUT);
    assert_non_null(strstr(error.message, "c.h5"));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_type_and_storage),      cmocka_unit_test(refusals_say_what_is_there),
      cmocka_unit_test(nodes_of_another_size),       cmocka_unit_test(scalars_have_no_rows),
      cmocka_unit_test(truncated_files_are_refused),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
