/* The files of one subject's recording: responses to trials, averages, metadata, truth. */
#include <math.h>
#include <string.h>

#include "base/array.h"
#include "base/memory.h"
#include "base/team.h"
#include "io/container/writers.h"
#include "io/file/folders.h"
#include "io/hdf5/hdf5_matrix.h"
#include "model/catalog/paths.h"
#include "train/simulate/simulate_units.h"

#define BLOCK_BYTES ((size_t)1 << 24)

simulate_trial *simulate_shuffled(const simulate_recording *recording, size_t first, size_t images, size_t repeats,
                                  uint64_t number, berg_error *error) {
  const size_t count = images * repeats;
  base_dice dice = {recording->design->seed, recording->noise - SIMULATE_NOISE + SIMULATE_ORDER, number};
  simulate_trial *trials = base_alloc(count, sizeof *trials, error);
  if (!trials) return NULL;
  for (size_t t = 0; t < count; t++) trials[t].image = first + t % images;
  for (size_t t = count; t > 1; t--) {
    const size_t other = base_dice_below(&dice, t), held = trials[t - 1].image;
    trials[t - 1].image = trials[other].image;
    trials[other].image = held;
  }
  for (size_t t = 0; t < count; t++) trials[t].number = number + t;
  return trials;
}

/* --- Responses --- */

/* Signal and noise of one trial, in the order of the columns. */
static void respond(const simulate_recording *r, size_t output, const simulate_trial *trial, float *row) {
  const float *sources = r->sources + trial->image * SIMULATE_SOURCES;
  const uint64_t first = (trial->number * r->outputs + output) * r->columns;
  for (size_t u = 0; u < r->units; u++) {
    const simulate_unit *unit = &r->unit[output][u];
    const float mixture = simulate_mixture(unit, sources);
    const double spread = sqrt(unit->noise) / BASE_RANDOM_BELL_SPREAD;
    for (size_t t = 0; t < r->times; t++) {
      const size_t c = u * r->times + t;
      const int32_t chance = base_random_bell(base_random_bits(r->design->seed, r->noise, first + c));
      row[c] = (float)(sqrt(simulate_signal(r, output, u, t)) * (double)mixture + spread * chance);
    }
  }
}

/* Rows of a file, in parts. */
typedef struct row_block {
  const simulate_recording *recording;
  size_t output, first;
  const simulate_trial *trials;
  size_t of_row; /* trials in a row of the data set */
  float *rows;
} row_block;

static void make_trial(void *user, size_t index, size_t rank) {
  const row_block *block = user;
  (void)rank;
  respond(block->recording, block->output, &block->trials[block->first + index],
          block->rows + index * block->recording->columns);
}

/* A row of the data set may hold several trials. */
static berg_status put_trials(const row_block *block, size_t number, io_hdf5_matrix *matrix, berg_error *error) {
  const size_t columns = block->recording->columns;
  berg_status status = BERG_OK;
  for (size_t i = 0; i < number && !status; i++) {
    const size_t trial = block->first + i;
    status = io_hdf5_matrix_write(matrix, trial / block->of_row, 1, trial % block->of_row * columns, columns,
                                  block->rows + i * columns, columns, error);
  }
  return status;
}

static berg_status write_rows(row_block *block, size_t count, io_hdf5_matrix *matrix, berg_error *error) {
  const simulate_recording *r = block->recording;
  const size_t row = r->columns * sizeof *block->rows, most = BLOCK_BYTES / row ? BLOCK_BYTES / row : 1;
  block->rows = base_alloc(most < count ? most : count, row, error);
  berg_status status = block->rows ? BERG_OK : BERG_ELIMIT;
  for (block->first = 0; block->first < count && !status;) {
    const size_t left = count - block->first, number = left < most ? left : most;
    base_share(r->threads, number, make_trial, block);
    status = put_trials(block, number, matrix, error);
    block->first += number;
    *r->done += number;
    if (!status) status = train_stage_progress(r->stage, *r->done, error);
  }
  base_free(block->rows);
  return status;
}

static berg_status start(const simulate_recording *r, model_prepared_file file, size_t output, unsigned quarter,
                         const size_t *shape, size_t ndim, io_hdf5_matrix **matrix, berg_error *error) {
  char *path;
  berg_status status =
      model_path_prepared(&path, r->kind->model_id, r->folder, r->subject, file, output, quarter, error);
  if (!status) status = io_make_folders_for(path, error);
  if (!status)
    status = io_hdf5_matrix_start_shaped(matrix, path, r->layout->prepared.dataset, BERG_F32, shape, ndim, error);
  base_free(path);
  return status;
}

static berg_status finish(const simulate_recording *r, io_hdf5_matrix *matrix, berg_status status, berg_error *error) {
  if (!status) status = io_hdf5_matrix_finish(matrix, r->force, error);
  io_hdf5_matrix_free(matrix, status != BERG_OK, error);
  return status;
}

berg_status simulate_write_trials(const simulate_recording *r, model_prepared_file file, size_t output,
                                  unsigned quarter, const simulate_trial *trials, size_t count, const size_t *shape,
                                  size_t ndim, berg_error *error) {
  io_hdf5_matrix *matrix = NULL;
  row_block block = {.recording = r, .output = output, .trials = trials, .of_row = count / shape[0]};
  berg_status status = start(r, file, output, quarter, shape, ndim, &matrix, error);
  if (!status) status = write_rows(&block, count, matrix, error);
  return finish(r, matrix, status, error);
}

/* --- Averages --- */

static void average(const simulate_recording *r, const simulate_trial *trials, size_t count, size_t image, float *row,
                    double *sums) {
  size_t found = 0;
  memset(sums, 0, r->columns * sizeof *sums);
  for (size_t t = 0; t < count; t++) {
    if (trials[t].image != image) continue;
    respond(r, 0, &trials[t], row);
    for (size_t c = 0; c < r->columns; c++) sums[c] += row[c];
    found++;
  }
  for (size_t c = 0; c < r->columns; c++) row[c] = (float)(sums[c] / (double)found);
}

berg_status simulate_write_averages(const simulate_recording *r, const simulate_trial *trials, size_t count,
                                    berg_error *error) {
  const size_t tests = r->design->tests;
  io_hdf5_matrix *matrix = NULL;
  float *row = base_alloc(r->columns, sizeof *row, error);
  double *sums = row ? base_alloc(r->columns, sizeof *sums, error) : NULL;
  berg_status status =
      sums ? start(r, MODEL_PREPARED_AVERAGED, 0, 0, (size_t[]){tests, r->units, r->times}, 3, &matrix, error)
           : BERG_ELIMIT;
  for (size_t i = 0; i < tests && !status; i++) {
    average(r, trials, count, r->design->trainings + i, row, sums);
    status = io_hdf5_matrix_write(matrix, i, 1, 0, r->columns, row, r->columns, error);
  }
  base_free(row);
  base_free(sums);
  return finish(r, matrix, status, error);
}

/* --- Metadata and truth --- */

berg_status simulate_write_metadata(const simulate_recording *r, const io_tree *tree, const io_value *root,
                                    berg_error *error) {
  char *path = NULL;
  io_whole_file *file = NULL;
  berg_status status = tree->failed ? BERG_ELIMIT
                                    : model_path_prepared(&path, r->kind->model_id, r->folder, r->subject,
                                                          MODEL_PREPARED_METADATA, 0, 0, error);
  if (!status) status = io_make_folders_for(path, error);
  if (!status) status = io_whole_file_open(&file, path, r->force, error);
  if (!status) {
    const io_sink sink = io_sink_file(file);
    status = io_write_npy(&sink, &(io_content){.root = root}, error);
    if (status)
      io_whole_file_abandon(file, error);
    else
      status = io_whole_file_commit(file, error);
  }
  base_free(path);
  return status;
}

/* What is known of every column, of all outputs one after another. */
typedef struct known {
  double *signal, *noise, *ceiling; /* [outputs][columns] */
  float *tests;                     /* [outputs][tests][columns] */
} known;

static void fill(const simulate_recording *r, const known *all) {
  const size_t tests = r->design->tests;
  for (size_t o = 0; o < r->outputs; o++)
    for (size_t c = 0; c < r->columns; c++) {
      const simulate_unit *unit = &r->unit[o][c / r->times];
      const size_t at = o * r->columns + c;
      const double signal = simulate_signal(r, o, c / r->times, c % r->times);
      all->signal[at] = signal;
      all->noise[at] = unit->noise;
      all->ceiling[at] = 100 * signal / (signal + unit->noise / (double)r->design->sessions);
      for (size_t i = 0; i < tests; i++)
        all->tests[(o * tests + i) * r->columns + c] =
            (float)sqrt(signal) * simulate_mixture(unit, r->sources + (r->design->trainings + i) * SIMULATE_SOURCES);
    }
}

static berg_array array_of(const char *name, berg_dtype dtype, size_t itemsize, const size_t *shape, size_t ndim,
                           const void *data) {
  berg_array array = {.name = name, .dtype = dtype, .itemsize = itemsize, .ndim = ndim, .data = data};
  memcpy(array.shape, shape, ndim * sizeof *shape);
  base_array_set_strides(&array, false);
  return array;
}

static berg_status write_known(const simulate_recording *r, const known *all, berg_error *error) {
  const size_t shape[] = {r->outputs, r->units, r->times},
               test_shape[] = {r->outputs, r->design->tests, r->units, r->times};
  berg_array arrays[] = {array_of("signal_variance", BERG_F64, 8, shape, 3, all->signal),
                         array_of("noise_variance", BERG_F64, 8, shape, 3, all->noise),
                         array_of("noise_ceiling", BERG_F64, 8, shape, 3, all->ceiling),
                         array_of("test_signal", BERG_F32, 4, test_shape, 4, all->tests)};
  char *name = model_subject_name(r->layout, r->subject, error);
  char *path = name ? base_format(error, "%s/truth/%s.npz", r->folder, name) : NULL;
  berg_status status = path ? io_make_folders_for(path, error) : BERG_ELIMIT;
  if (!status) status = simulate_write_arrays(path, r->force, arrays, sizeof arrays / sizeof *arrays, error);
  base_free(path);
  base_free(name);
  return status;
}

berg_status simulate_write_recording_truth(const simulate_recording *r, berg_error *error) {
  const size_t columns = r->outputs * r->columns;
  double *block = base_alloc(columns, 3 * sizeof *block, error);
  float *tests = block ? base_alloc(columns, r->design->tests * sizeof *tests, error) : NULL;
  const known all = {block, block + columns, block + 2 * columns, tests};
  berg_status status = BERG_ELIMIT;
  if (tests) {
    fill(r, &all);
    status = write_known(r, &all, error);
  }
  base_free(block);
  base_free(tests);
  return status;
}
