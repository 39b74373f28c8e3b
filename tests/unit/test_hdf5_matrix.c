/* A matrix written out of order: what is in it, how it is resumed, that two runs and small disks are noticed; and
 * reading blocks of columns back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/hdf5/hdf5.h"
#include "io/hdf5/hdf5_matrix.h"

#define ROWS 7
#define COLUMNS 300

static char folder[] = "/tmp/berg-matrix-XXXXXX";
static const char chunked[] = TESTS_DIR "/unit/hdf5/chunks.h5";
static char path[64], partial[64];

static float value(size_t row, size_t column) { return (float)(row * 1000 + column); }

/* The block with its rows `stride` apart. */
static void put(const io_hdf5_matrix *matrix, size_t row, size_t rows, size_t column, size_t columns) {
  float block[ROWS * (COLUMNS + 2)];
  const size_t stride = columns + 2;
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++) block[r * stride + c] = value(row + r, column + c);
  assert_int_equal(io_hdf5_matrix_write(matrix, row, rows, column, columns, block, stride, NULL), BERG_OK);
}

static void check(const char *file, size_t row, size_t rows, size_t column, size_t columns) {
  float block[ROWS * COLUMNS];
  io_hdf5 *dataset;
  assert_int_equal(io_hdf5_open(&dataset, file, "neural_data", NULL), BERG_OK);
  assert_int_equal(io_hdf5_read_columns(dataset, row, rows, column, columns, block, NULL), BERG_OK);
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++) assert_true(block[r * columns + c] == value(row + r, column + c));
  io_hdf5_free(dataset);
}

static void check_blocks(const char *file) {
  check(file, 0, ROWS, 0, COLUMNS);
  check(file, 2, 3, 17, 200);
  check(file, ROWS - 1, 1, COLUMNS - 1, 1);
  check(file, ROWS, 0, COLUMNS, 0);
}

static int set_up(void **state) {
  (void)state;
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/m.h5", folder);
  snprintf(partial, sizeof partial, "%s/m.h5.partial", folder);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  unlink(path);
  return rmdir(folder);
}

static void test_written_and_resumed(void **state) {
  (void)state;
  io_hdf5_matrix *matrix, *second;
  berg_error error;
  assert_int_equal(io_hdf5_matrix_resume(&matrix, path, "neural_data", ROWS, COLUMNS, &error), BERG_EINPUT);
  assert_int_equal(io_hdf5_matrix_start(&matrix, path, "neural_data", ROWS, COLUMNS, &error), BERG_OK);
  put(matrix, 3, 4, 100, 200);
  put(matrix, 0, 3, 0, COLUMNS);
  assert_int_equal(io_hdf5_matrix_write(matrix, 0, ROWS + 1, 0, 1, NULL, 1, &error), BERG_EARGUMENT);
  assert_int_equal(io_hdf5_matrix_write(matrix, 0, 1, 1, COLUMNS, NULL, 1, &error), BERG_EARGUMENT);
  assert_int_equal(io_hdf5_matrix_sync(matrix, &error), BERG_OK);
  io_hdf5_matrix_free(matrix, false, NULL);

  assert_int_equal(access(path, F_OK), -1);
  assert_int_equal(io_hdf5_matrix_resume(&matrix, path, "neural_data", ROWS, COLUMNS + 1, &error), BERG_EINPUT);
  assert_int_equal(io_hdf5_matrix_resume(&matrix, path, "other", ROWS, COLUMNS, &error), BERG_EINPUT);
  assert_int_equal(io_hdf5_matrix_resume(&matrix, path, "neural_data", ROWS, COLUMNS, &error), BERG_OK);
  put(matrix, 3, 4, 0, 100);
  assert_int_equal(io_hdf5_matrix_finish(matrix, false, &error), BERG_OK);
  io_hdf5_matrix_free(matrix, true, NULL);
  assert_int_equal(access(partial, F_OK), -1);
  check_blocks(path);

  assert_int_equal(io_hdf5_matrix_start(&second, path, "neural_data", 1, 1, &error), BERG_OK);
  assert_int_equal(io_hdf5_matrix_finish(second, false, &error), BERG_EEXISTS);
  io_hdf5_matrix_free(second, true, NULL);
  check_blocks(path);
}

/* Rows of several dimensions are rows of columns for who writes them. */
static void test_shapes(void **state) {
  (void)state;
  io_hdf5_matrix *matrix;
  io_hdf5 *dataset;
  berg_error error;
  uint8_t pixels[2 * 3 * 4], found[sizeof pixels];
  for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(7 * i);
  unlink(path);
  assert_int_equal(io_hdf5_matrix_start_shaped(&matrix, path, "images", BERG_U8, (size_t[]){2, 3, 4}, 3, &error),
                   BERG_OK);
  assert_int_equal(io_hdf5_matrix_write(matrix, 1, 1, 0, 12, pixels + 12, 12, &error), BERG_OK);
  assert_int_equal(io_hdf5_matrix_write(matrix, 0, 1, 4, 8, pixels + 4, 8, &error), BERG_OK);
  assert_int_equal(io_hdf5_matrix_write(matrix, 0, 1, 0, 4, pixels, 4, &error), BERG_OK);
  assert_int_equal(io_hdf5_matrix_write(matrix, 0, 1, 0, 13, pixels, 13, &error), BERG_EARGUMENT);
  assert_int_equal(io_hdf5_matrix_finish(matrix, true, &error), BERG_OK);
  io_hdf5_matrix_free(matrix, true, NULL);
  assert_int_equal(io_hdf5_open(&dataset, path, "images", &error), BERG_OK);
  const berg_array *about = io_hdf5_about(dataset);
  assert_int_equal(about->dtype, BERG_U8);
  assert_int_equal(about->ndim, 3);
  assert_memory_equal(about->shape, ((size_t[]){2, 3, 4}), 3 * sizeof(size_t));
  assert_int_equal(io_hdf5_read(dataset, 0, 2, found, &error), BERG_OK);
  assert_memory_equal(found, pixels, sizeof pixels);
  io_hdf5_free(dataset);
  assert_int_equal(io_hdf5_matrix_start_shaped(&matrix, path, "images", BERG_F32, (size_t[]){2, 0, 4}, 3, &error),
                   BERG_EARGUMENT);
  unlink(path);
}

/* Locks are a process's own. */
static void test_two_runs(void **state) {
  (void)state;
  io_hdf5_matrix *matrix;
  assert_int_equal(io_hdf5_matrix_start(&matrix, path, "neural_data", ROWS, COLUMNS, NULL), BERG_OK);
  pid_t child = fork();
  if (!child) {
    io_hdf5_matrix *second;
    bool refused = io_hdf5_matrix_start(&second, path, "neural_data", ROWS, COLUMNS, NULL) == BERG_EEXISTS &&
                   io_hdf5_matrix_resume(&second, path, "neural_data", ROWS, COLUMNS, NULL) == BERG_EEXISTS;
    _exit(refused ? 0 : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  io_hdf5_matrix_free(matrix, true, NULL);
}

/* Space is tested before anything is written: a limit of file sizes stands for a full disk. */
static void test_no_room(void **state) {
  (void)state;
  for (rlim_t limit = 1000; limit < 1000000; limit *= 30) {
    pid_t child = fork();
    if (!child) {
      io_hdf5_matrix *matrix;
      struct rlimit small = {limit, limit};
      signal(SIGXFSZ, SIG_IGN);
      setrlimit(RLIMIT_FSIZE, &small);
      berg_status status = io_hdf5_matrix_start(&matrix, path, "neural_data", 1000, 1000, NULL);
      _exit(status == BERG_EWRITE && access(partial, F_OK) ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
  }
}

static void test_chunks(void **state) {
  (void)state;
  check_blocks(chunked);

  float all[ROWS * COLUMNS];
  io_hdf5 *reader;
  berg_error error;
  assert_int_equal(io_hdf5_open(&reader, chunked, "neural_data", NULL), BERG_OK);
  assert_int_equal(io_hdf5_chunk(reader)[0], 3);
  assert_int_equal(io_hdf5_read_columns(reader, 0, 1, 1, COLUMNS, all, &error), BERG_EARGUMENT);
  assert_int_equal(io_hdf5_read_columns(reader, 1, ROWS, 0, 1, all, &error), BERG_EARGUMENT);
  io_hdf5_free(reader);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_written_and_resumed), cmocka_unit_test(test_shapes),
                                     cmocka_unit_test(test_two_runs), cmocka_unit_test(test_no_room),
                                     cmocka_unit_test(test_chunks)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
