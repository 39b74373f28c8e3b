/* Correlations and ceilings, block by block of voxels. */
#include "train/evaluate/accuracy.h"

#include <math.h>

#include "base/array.h"
#include "base/machine.h"
#include "base/memory.h"
#include "la/correlation.h"
#include "la/reliability.h"

/* Larger blocks of trials are not faster, and make progress coarser. */
#define BLOCK_BYTES ((size_t)64 << 20)

const char *train_reliability_key(size_t index) {
  static const char *const keys[] = {"noise_ceiling_singletrial", "noise_ceiling_testset", "splithalf_uncorrected",
                                     "splithalf_corrected"};
  return keys[index];
}

const double *train_reliability_values(const train_accuracy *accuracy, size_t index) {
  const berg_reliability *values = &accuracy->reliability;
  const double *const arrays[] = {values->noise_ceiling_singletrial, values->noise_ceiling_testset,
                                  values->splithalf_uncorrected, values->splithalf_corrected};
  return arrays[index];
}

static berg_status make(train_accuracy *accuracy, size_t voxels, berg_error *error) {
  size_t all;
  *accuracy = (train_accuracy){.voxels = voxels};
  if (!base_multiply(voxels, 6, &all)) return base_fail_memory(error, SIZE_MAX);
  double *block = base_alloc(all, sizeof *block, error);
  if (!block) return BERG_ELIMIT;
  accuracy->r = block;
  accuracy->percent_noise_ceiling = block + voxels;
  accuracy->reliability = (berg_reliability){.noise_ceiling_singletrial = block + 2 * voxels,
                                             .noise_ceiling_testset = block + 3 * voxels,
                                             .splithalf_uncorrected = block + 4 * voxels,
                                             .splithalf_corrected = block + 5 * voxels};
  return BERG_OK;
}

void train_accuracy_release(train_accuracy *accuracy) {
  base_free(accuracy->r);
  *accuracy = (train_accuracy){.r = NULL};
}

/* One block of voxels under way. */
typedef struct block {
  size_t first, number;
  void *data;      /* rows of responses */
  const char **at; /* [trials] their addresses, and behind them [images] of the predictions */
} block;

typedef enum column_state { VARIES, FLAT, NOT_FINITE } column_state;

static column_state look_at(const la_rows *rows, size_t column) {
  double first = 0, value;
  bool flat = true;
  for (size_t i = 0; i < rows->count; i++) {
    la_rows_load(rows, i, column, 1, &value);
    if (!isfinite(value)) return NOT_FINITE;
    if (i == 0) first = value;
    flat &= value == first;
  }
  return flat ? FLAT : VARIES;
}

static void count_missing_r(train_missing *missing, const la_rows *responses, const la_rows *predictions,
                            const double *r) {
  for (size_t v = 0; v < responses->columns; v++) {
    if (!isnan(r[v])) continue;
    column_state of_responses = look_at(responses, v), of_predictions = look_at(predictions, v);
    if (of_responses == NOT_FINITE || of_predictions == NOT_FINITE)
      missing->not_finite++;
    else if (of_responses == FLAT)
      missing->flat_responses++;
    else
      missing->flat_predictions++;
  }
}

static void count_missing_ceilings(train_missing *missing, const la_rows *trials, size_t images,
                                   const double *ceilings) {
  for (size_t v = 0; v < trials->columns; v++) {
    if (!isnan(ceilings[v])) continue;
    if (look_at(trials, v) == NOT_FINITE)
      missing->repeat_not_finite++;
    else
      missing->flat_repeat += trials->count > images; /* a single repeat says nothing about it */
  }
}

/* The block's columns of all rows of `dataset`, row i of the result being the dataset's row order[i] (NULL: i). */
static berg_status read_block(io_hdf5 *dataset, const block *b, const size_t *order, la_rows *rows, berg_error *error) {
  const berg_array *about = io_hdf5_about(dataset);
  const size_t row_bytes = b->number * about->itemsize;
  berg_status status = io_hdf5_read_columns(dataset, 0, about->shape[0], b->first, b->number, b->data, error);
  for (size_t i = 0; i < about->shape[0]; i++) b->at[i] = (const char *)b->data + (order ? order[i] : i) * row_bytes;
  *rows = (la_rows){b->at, about->shape[0], b->number, (ptrdiff_t)about->itemsize, about->dtype};
  return status;
}

static berg_status correlate_block(train_accuracy *accuracy, const train_responses *from, const block *b, int threads,
                                   berg_error *error) {
  la_rows responses;
  const double start = base_machine_seconds();
  berg_status status = read_block(from->averaged, b, NULL, &responses, error);
  if (status) return status;
  const char **at = b->at + from->test->trials;
  const berg_array *predicted = from->predictions;
  for (size_t i = 0; i < from->test->images; i++)
    at[i] = (const char *)predicted->data + (ptrdiff_t)i * predicted->strides[0] +
            (ptrdiff_t)b->first * predicted->strides[1];
  la_rows predictions = {at, from->test->images, b->number, predicted->strides[1], predicted->dtype};
  la_correlate(&responses, &predictions, threads, accuracy->r + b->first);
  count_missing_r(&accuracy->missing, &responses, &predictions, accuracy->r + b->first);
  accuracy->correlation_seconds += base_machine_seconds() - start;
  return BERG_OK;
}

static berg_status rely_block(train_accuracy *accuracy, const train_responses *from, const block *b, int threads,
                              berg_error *error) {
  la_rows trials;
  const double start = base_machine_seconds();
  const berg_reliability *all = &accuracy->reliability;
  berg_reliability own = {.noise_ceiling_singletrial = all->noise_ceiling_singletrial + b->first,
                          .noise_ceiling_testset = all->noise_ceiling_testset + b->first,
                          .splithalf_uncorrected = all->splithalf_uncorrected + b->first,
                          .splithalf_corrected = all->splithalf_corrected + b->first};
  berg_status status = read_block(from->trials, b, from->test->rows, &trials, error);
  if (!status) status = la_reliability(&trials, from->test->repeats, from->test->images, threads, &own, error);
  if (status) return status;
  count_missing_ceilings(&accuracy->missing, &trials, from->test->images, own.noise_ceiling_testset);
  accuracy->reliability_seconds += base_machine_seconds() - start;
  return BERG_OK;
}

static void find_percent(train_accuracy *accuracy) {
  for (size_t v = 0; v < accuracy->voxels; v++) {
    double r = accuracy->r[v], ceiling = accuracy->reliability.noise_ceiling_testset[v], positive = r > 0 ? r : 0;
    bool divides = !isnan(r) && ceiling > 0;
    accuracy->percent_noise_ceiling[v] = divides ? 100 * positive * positive / (ceiling / 100) : NAN;
    accuracy->missing.zero_ceiling += !isnan(r) && ceiling == 0;
  }
}

/* Voxels whose trials (or averages: as many bytes at most) fit a share of the memory, at least 16. */
static size_t block_voxels(const train_responses *from, size_t memory, size_t voxels) {
  size_t room = memory / 8 < BLOCK_BYTES ? memory / 8 : BLOCK_BYTES;
  size_t fitting = room / (from->test->trials * sizeof(double)) / 16 * 16;
  if (fitting < 16) fitting = 16;
  return fitting < voxels ? fitting : voxels;
}

berg_status train_accuracy_measure(train_accuracy *accuracy, const train_responses *from, int threads, size_t memory,
                                   const berg_run *run, berg_error *error) {
  train_stage stage;
  const size_t voxels = from->predictions->shape[1], most = block_voxels(from, memory, voxels);
  berg_status status = make(accuracy, voxels, error);
  if (status) return status;
  size_t row_bytes = most * sizeof(double);
  block b = {.data = base_alloc(from->test->trials, row_bytes, error),
             .at = base_alloc(from->test->trials + from->test->images, sizeof *b.at, error)};
  if (!b.data || !b.at) status = BERG_ELIMIT;
  train_stage_begin(&stage, run, "reliability", "voxels", voxels);
  while (b.first < voxels && !status) {
    b.number = voxels - b.first < most ? voxels - b.first : most;
    status = correlate_block(accuracy, from, &b, threads, error);
    if (!status) status = rely_block(accuracy, from, &b, threads, error);
    b.first += b.number;
    if (!status) status = train_stage_progress(&stage, b.first, error);
  }
  if (!status) find_percent(accuracy);
  base_free(b.data);
  base_free(b.at);
  if (status) train_accuracy_release(accuracy);
  return status;
}
