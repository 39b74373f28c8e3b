/* Accuracy by blocks of voxels: the same bits however small the blocks are, and runs that are cancelled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/hdf5/hdf5_matrix.h"
#include "train/evaluate/accuracy.h"

#define IMAGES 5
#define REPEATS 3
#define VOXELS 101

static char folder[] = "/tmp/berg-accuracy-XXXXXX";
static char averaged_path[64], trials_path[64];
static float predicted[IMAGES * VOXELS];
static size_t order[REPEATS * IMAGES];
static train_test_set test = {.images = IMAGES, .repeats = REPEATS, .trials = REPEATS * IMAGES, .rows = order};
static const berg_array predictions = {.dtype = BERG_F32,
                                       .itemsize = 4,
                                       .ndim = 2,
                                       .shape = {IMAGES, VOXELS},
                                       .strides = {VOXELS * 4, 4},
                                       .data = predicted};

/* Values that differ and of which some agree between repeats. */
static float value(size_t trial, size_t voxel) {
  size_t image = trial % IMAGES;
  return (float)((image * 37 + voxel * 11) % 23) + (float)((trial * 101 + voxel * 53) % 17) / 2;
}

static void write_matrix(const char *path, size_t rows) {
  float *values = malloc(rows * VOXELS * sizeof *values);
  for (size_t t = 0; t < rows; t++)
    for (size_t v = 0; v < VOXELS; v++) values[t * VOXELS + v] = value(t, v);
  io_hdf5_matrix *matrix;
  assert_int_equal(io_hdf5_matrix_start(&matrix, path, "neural_data", rows, VOXELS, NULL), BERG_OK);
  assert_int_equal(io_hdf5_matrix_write(matrix, 0, rows, 0, VOXELS, values, VOXELS, NULL), BERG_OK);
  assert_int_equal(io_hdf5_matrix_finish(matrix, false, NULL), BERG_OK);
  io_hdf5_matrix_free(matrix, false, NULL);
  free(values);
}

static int set_up(void **state) {
  (void)state;
  if (!mkdtemp(folder)) return -1;
  snprintf(averaged_path, sizeof averaged_path, "%s/averaged.h5", folder);
  snprintf(trials_path, sizeof trials_path, "%s/trials.h5", folder);
  write_matrix(averaged_path, IMAGES);
  write_matrix(trials_path, REPEATS * IMAGES);
  for (size_t i = 0; i < REPEATS * IMAGES; i++) order[i] = i;
  for (size_t i = 0; i < IMAGES; i++)
    for (size_t v = 0; v < VOXELS; v++) predicted[i * VOXELS + v] = value(i + IMAGES, v);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  unlink(averaged_path);
  unlink(trials_path);
  rmdir(folder);
  return 0;
}

static berg_status measure(train_accuracy *accuracy, size_t memory, int threads, const berg_run *run,
                           berg_error *error) {
  train_responses from = {.test = &test, .predictions = &predictions};
  assert_int_equal(io_hdf5_open(&from.averaged, averaged_path, "neural_data", error), BERG_OK);
  assert_int_equal(io_hdf5_open(&from.trials, trials_path, "neural_data", error), BERG_OK);
  berg_status status = train_accuracy_measure(accuracy, &from, threads, memory, run, error);
  io_hdf5_free(from.averaged);
  io_hdf5_free(from.trials);
  return status;
}

typedef struct calls {
  size_t progress, stages, last, cancel_at;
} calls;

static int progress(void *user, size_t done, size_t total, double seconds) {
  calls *c = user;
  assert_int_equal(total, VOXELS);
  assert_true(done > c->last && done <= total && seconds >= 0);
  c->last = done;
  c->progress++;
  return c->cancel_at && done >= c->cancel_at;
}

static void stage(void *user, const char *name, const char *unit) {
  assert_string_equal(name, "reliability");
  assert_string_equal(unit, "voxels");
  ((calls *)user)->stages++;
}

static void test_any_block_gives_the_same_bits(void **state) {
  (void)state;
  berg_error error;
  train_accuracy whole, small;
  calls once = {0}, often = {0};
  const berg_run run_once = {.size = sizeof(berg_run), .progress = progress, .user = &once, .stage = stage},
                 run_often = {.size = sizeof(berg_run), .progress = progress, .user = &often, .stage = stage};
  assert_int_equal(measure(&whole, (size_t)1 << 30, 1, &run_once, &error), BERG_OK);
  assert_int_equal(measure(&small, 1, 3, &run_often, &error), BERG_OK); /* the least block is 16 voxels */
  assert_int_equal(once.progress, 1);
  assert_int_equal(often.progress, 7);
  assert_int_equal(once.stages + often.stages, 2);
  assert_int_equal(whole.voxels, VOXELS);
  assert_memory_equal(whole.r, small.r, 6 * VOXELS * sizeof(double));
  assert_memory_equal(&whole.missing, &small.missing, sizeof whole.missing);
  for (size_t v = 0; v < VOXELS; v++) assert_true(whole.r[v] >= -1 && whole.r[v] <= 1);
  train_accuracy_release(&whole);
  train_accuracy_release(&small);
}

static void test_cancelled(void **state) {
  (void)state;
  berg_error error;
  train_accuracy accuracy;
  calls seen = {.cancel_at = 32};
  const berg_run run = {.size = sizeof(berg_run), .progress = progress, .user = &seen, .stage = stage};
  assert_int_equal(measure(&accuracy, 1, 2, &run, &error), BERG_ECANCELLED);
  assert_int_equal(seen.progress, 2);
  assert_null(accuracy.r);
  assert_non_null(strstr(error.message, "32 of 101"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_any_block_gives_the_same_bits),
      cmocka_unit_test(test_cancelled),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
