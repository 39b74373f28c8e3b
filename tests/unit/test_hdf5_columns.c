/* Columns of datasets of more than two dimensions: every range of them, whatever the storage, is what the rows hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/hdf5/hdf5.h"
#include "io/hdf5/hdf5_session.h"

#define ROWS 5
#define WIDTH 84

static char path[] = "/tmp/berg-columns-XXXXXX";

/* An element's value is its place in C order. */
static void add(hid_t file, const char *name, int ndim, const hsize_t *shape, const hsize_t *chunk, hid_t stored) {
  int values[ROWS * WIDTH];
  for (int i = 0; i < ROWS * WIDTH; i++) values[i] = i;
  hid_t space = H5Screate_simple(ndim, shape, NULL), how = H5Pcreate(H5P_DATASET_CREATE);
  if (chunk) H5Pset_chunk(how, ndim, chunk);
  if (chunk) H5Pset_deflate(how, 1);
  hid_t dataset = H5Dcreate2(file, name, stored, space, H5P_DEFAULT, how, H5P_DEFAULT);
  assert_true(H5Dwrite(dataset, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
  H5Dclose(dataset);
  H5Pclose(how);
  H5Sclose(space);
}

static int make_file(void **state) {
  (void)state;
  const hsize_t four[] = {ROWS, 3, 4, 7}, three[] = {ROWS, 12, 7}, two[] = {ROWS, WIDTH};
  close(mkstemp(path));
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  add(file, "four", 4, four, NULL, H5T_IEEE_F32LE);
  add(file, "four chunked", 4, four, (hsize_t[]){2, 2, 3, 3}, H5T_IEEE_F32LE);
  add(file, "three swapped", 3, three, (hsize_t[]){3, 5, 2}, H5T_IEEE_F32BE);
  add(file, "two chunked", 2, two, (hsize_t[]){2, 50}, H5T_IEEE_F32LE);
  return H5Fclose(file) < 0;
}

static int remove_file(void **state) {
  (void)state;
  return remove(path);
}

static void expect(io_hdf5 *dataset, size_t row, size_t rows, size_t column, size_t columns) {
  float found[ROWS * WIDTH];
  berg_error error;
  if (io_hdf5_read_columns(dataset, row, rows, column, columns, found, &error)) fail_msg("%s", error.message);
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++)
      if (found[r * columns + c] != (float)((row + r) * WIDTH + column + c))
        fail_msg("columns %zu to %zu: row %zu, column %zu", column, column + columns, row + r, column + c);
}

static void every_range(void **state) {
  static const char *const names[] = {"four", "four chunked", "three swapped", "two chunked"};
  (void)state;
  for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
    io_hdf5 *dataset;
    berg_error error;
    if (io_hdf5_open(&dataset, path, names[n], &error)) fail_msg("%s", error.message);
    for (size_t column = 0; column < WIDTH; column++)
      for (size_t columns = 1; columns <= WIDTH - column; columns++) expect(dataset, 1, 3, column, columns);
    expect(dataset, 0, ROWS, 0, WIDTH);
    float none;
    assert_int_equal(io_hdf5_read_columns(dataset, 0, 1, WIDTH, 1, &none, &error), BERG_EARGUMENT);
    assert_int_equal(io_hdf5_read_columns(dataset, ROWS, 1, 0, 1, &none, &error), BERG_EARGUMENT);
    io_hdf5_free(dataset);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_range)};
  return cmocka_run_group_tests(tests, make_file, remove_file);
}
