/* THINGS MEG1 and TVSD: correlation with the average of single trials, and noise ceilings from how the trials of an
 * image vary, with no z-scores over images. docs/accuracy.md has the definitions. */
#include <math.h>

#include "base/machine.h"
#include "base/memory.h"
#include "train/evaluate/measure.h"
#include "train/evaluate/presentations.h"

typedef struct trials {
  io_hdf5 *averaged, *trials;
  size_t shape[2]; /* units, times */
  char part[MODEL_PART_TEXT];
} trials;

static berg_status open(train_evaluation *e, berg_error *error) {
  trials *own = e->own = base_calloc(1, sizeof *own, error);
  size_t ndim;
  if (!own) return BERG_ELIMIT;
  berg_status status =
      train_test_set_numbered(&e->test, e->prepared, e->prepared_path, e->layout, e->options->images, error);
  if (!status) status = train_response_shape(e, 0, own->shape, &ndim, error);
  if (!status)
    status = train_open_responses(e, MODEL_PREPARED_AVERAGED, 0, e->test.images, own->shape, 2, &own->averaged, error);
  if (!status)
    status = train_open_responses(e, MODEL_PREPARED_TEST, 0, e->test.trials, own->shape, 2, &own->trials, error);
  e->columns[0] = own->shape[0] * own->shape[1];
  return status;
}

static double finite_or_nan(double value) { return isfinite(value) ? value : NAN; }

/* In place: `noise` becomes the signal-to-noise ratio, `total` the ceiling of the average of `repeats` trials,
 * percent. */
static void find_ceilings(const train_variances *variances, size_t columns, double repeats) {
  for (size_t c = 0; c < columns; c++) {
    const double noise = variances->noise[c], apart = variances->total[c] - noise, signal = apart < 0 ? 0 : apart;
    const double ncsnr = sqrt(signal) / sqrt(noise);
    variances->noise[c] = ncsnr;
    variances->total[c] = 100 * (ncsnr * ncsnr / (ncsnr * ncsnr + 1 / repeats));
  }
}

static void find_percent(const double *r, const double *ceiling, size_t columns, double *percent) {
  for (size_t c = 0; c < columns; c++) {
    const double positive = r[c] < 0 ? 0 : r[c]; /* NaN stays */
    percent[c] = finite_or_nan(100 * (positive * positive) / (ceiling[c] / 100));
  }
}

static berg_status find_variances(train_evaluation *e, const train_variances *variances, berg_error *error) {
  const trials *own = e->own;
  const double start = base_machine_seconds();
  const train_presentations from = {own->trials, e->test.images, e->test.repeats, e->columns[0], e->test.rows};
  berg_status status = train_average(&from, NULL, variances, e->threads, e->run, error);
  if (!status) find_ceilings(variances, e->columns[0], (double)e->test.repeats);
  e->reliability_seconds += base_machine_seconds() - start;
  return status;
}

static berg_status measure(train_evaluation *e, berg_error *error) {
  trials *own = e->own;
  train_results *results = &e->results;
  float *averages;
  model_part_name(e->quarter, own->part);
  *results = (train_results){.dict = "encoding_model", .part = own->part};
  double *r = train_results_add(results, "correlation_results", own->shape, 2, error);
  double *percent = r ? train_results_add(results, "percent_noise_ceiling", own->shape, 2, error) : NULL;
  double *ncsnr = percent ? train_results_add(results, "ncsnr", own->shape, 2, error) : NULL;
  double *ceiling = ncsnr ? train_results_add(results, "noise_ceiling", own->shape, 2, error) : NULL;
  if (!ceiling) return BERG_ELIMIT;
  results->items[2].shared = results->items[3].shared = true;
  berg_status status = train_read_rows(&averages, own->averaged, error);
  if (!status) status = train_correlate(e, 0, averages, 0, r, error);
  base_free(averages);
  if (!status) status = find_variances(e, &(train_variances){ncsnr, ceiling}, error);
  if (!status) find_percent(r, ceiling, e->columns[0], percent);
  return status;
}

static void release(train_evaluation *e) {
  trials *own = e->own;
  io_hdf5_free(own->averaged);
  io_hdf5_free(own->trials);
  base_free(own);
}

const train_measure train_measure_trials = {.open = open, .measure = measure, .release = release};
