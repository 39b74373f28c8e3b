/* Axes of rows: what their positions are called, which shapes there can be. Files of several axes are held against
 * NumPy and h5py in tests/oracle/test_outputs.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/rows/axes.h"
#include "io/rows/rows.h"

#define COLUMNS 1000
#define RUN "a run"

static char folder[] = "/tmp/berg-axes-XXXXXX";

static int make_folder(void **state) {
  (void)state;
  return mkdtemp(folder) ? chdir(folder) : 1;
}

static int remove_folder(void **state) {
  (void)state;
  return chdir("/") || rmdir(folder);
}

static void shapes_are_checked(void **state) {
  (void)state;
  const struct {
    size_t shape[5], ndim;
    const char *part;
  } cases[] = {
      {{3}, 0, "columns cannot be written"},
      {{1, 1, 1, 1, 1}, 5, "columns cannot be written"},
      {{3, 0, 5}, 3, "rows of 0 columns"},
      {{SIZE_MAX / 2, 3}, 2, "columns cannot be written"},
      {{SIZE_MAX / 8, 2}, 2, "columns cannot be written"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    berg_error error;
    io_rows *rows;
    size_t done;
    assert_int_equal(
        io_rows_open_shaped(&rows, "shape.npy", cases[i].shape, cases[i].ndim, RUN, false, false, &done, &error),
        BERG_EARGUMENT);
    assert_null(rows);
    if (!strstr(error.message, cases[i].part)) fail_msg("%s", error.message);
    assert_int_equal(access("shape.npy.partial", F_OK), -1);
  }
}

static void axes_are_those_of_the_shape(void **state) {
  (void)state;
  const io_axis short_axis = {.name = "voxel", .length = COLUMNS - 1};
  const io_axis two[] = {{.name = "channel", .length = 10}, {.name = "time", .length = COLUMNS / 10}};
  const io_labels cases[] = {{.axes = &short_axis, .axis_count = 1}, {.axes = two, .axis_count = 2}};
  static const float row[COLUMNS];
  io_rows *rows;
  size_t done;
  assert_int_equal(io_rows_open(&rows, "axes.h5", COLUMNS, RUN, false, false, &done, NULL), BERG_OK);
  assert_int_equal(io_rows_append(rows, row, 1, NULL), BERG_OK);
  for (size_t i = 0; i < 2; i++) {
    berg_error error;
    assert_int_equal(io_rows_finish(rows, &cases[i], &error), BERG_EINTERNAL);
    assert_non_null(strstr(error.message, "the axes are not those of its rows"));
    assert_int_equal(access("axes.h5", F_OK), -1);
  }
  io_rows_free(rows, NULL);
  unlink("axes.h5.partial");
  unlink("axes.h5.partial.journal");
}

/* What is known of an axis decides what its positions are called. */
static void positions_have_names(void **state) {
  (void)state;
  const char *const texts[] = {"a", "b"};
  const double numbers[] = {-0.1, 0.005};
  const size_t indices[] = {7, 9};
  const io_axis axes[] = {{.name = "kind", .length = 2, .texts = texts, .numbers = numbers},
                          {.name = "time", .length = 2, .numbers = numbers, .unit = "s", .indices = indices},
                          {.name = "unit", .length = 2, .indices = indices},
                          {.name = "rest", .length = 2}};
  const struct {
    size_t at;
    const char *name;
  } cases[] = {{0, "a_-0.1s_unit_7_rest_0"},  {1, "a_-0.1s_unit_7_rest_1"}, {2, "a_-0.1s_unit_9_rest_0"},
               {4, "a_0.005s_unit_7_rest_0"}, {8, "b_-0.1s_unit_7_rest_0"}, {15, "b_0.005s_unit_9_rest_1"}};
  const char *const cells[] = {"b", "0.005", "9", "1"};
  assert_int_equal(io_axes_span(axes, 4), 16);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char *name = io_axes_name(axes, 4, cases[i].at, NULL);
    assert_string_equal(name, cases[i].name);
    base_free(name);
  }
  for (size_t a = 0; a < 4; a++) {
    char room[IO_AXIS_CELL_ROOM];
    assert_string_equal(io_axis_cell(&axes[a], 1, room), cells[a]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shapes_are_checked),
      cmocka_unit_test(axes_are_those_of_the_shape),
      cmocka_unit_test(positions_have_names),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
