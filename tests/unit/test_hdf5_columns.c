/* Columns of datasets of more than two dimensions: every range of them, whatever the storage, is what the rows hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "io/hdf5/hdf5.h"

#define ROWS 5
#define WIDTH 84

static const char path[] = TESTS_DIR "/unit/hdf5/columns.h5";

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
  /* an element's value is its place in C order */
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
  return cmocka_run_group_tests(tests, NULL, NULL);
}
