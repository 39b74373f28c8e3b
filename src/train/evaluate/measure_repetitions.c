/* THINGS EEG2: correlation of the average over repeats with each repetition's predictions, and with their mean.
 * There is no noise ceiling, as there is none upstream. */
#include "base/machine.h"
#include "base/memory.h"
#include "train/evaluate/measure.h"
#include "train/evaluate/presentations.h"

typedef struct repetitions {
  io_hdf5 *trials;
  size_t shape[3]; /* repeats, channels, times */
} repetitions;

/* An image is a row of the data set, its repeats are in it. */
static berg_status open(train_evaluation *e, berg_error *error) {
  repetitions *own = e->own = base_calloc(1, sizeof *own, error);
  size_t ndim;
  if (!own) return BERG_ELIMIT;
  berg_status status =
      train_test_set_named(&e->test, e->prepared, e->prepared_path, e->layout, e->options->images, error);
  if (!status) status = train_response_shape(e, 0, own->shape + 1, &ndim, error);
  if (!status)
    status = train_open_responses(e, MODEL_PREPARED_TEST, 0, e->test.images, own->shape, 3, &own->trials, error);
  e->test.repeats = own->shape[0];
  e->columns[0] = own->shape[1] * own->shape[2];
  return status;
}

static berg_status average(train_evaluation *e, float *averages, berg_error *error) {
  const repetitions *own = e->own;
  const double start = base_machine_seconds();
  const train_presentations from = {own->trials, e->test.images, e->test.repeats, e->columns[0], NULL};
  berg_status status = train_average(&from, averages, NULL, e->threads, e->run, error);
  e->reliability_seconds += base_machine_seconds() - start;
  return status;
}

static berg_status correlate(train_evaluation *e, const float *averages, berg_error *error) {
  repetitions *own = e->own;
  const size_t count = train_repetitions(e, 0), *channels = own->shape + 1;
  const size_t each[3] = {count, channels[0], channels[1]};
  e->results = (train_results){.dict = "encoding_models"};
  double *mean = train_results_add(&e->results, "correlation_averaged_repetitions", channels, 2, error);
  double *single = mean ? train_results_add(&e->results, "correlation_single_repetitions", each, 3, error) : NULL;
  berg_status status = single ? train_correlate(e, 0, averages, count, mean, error) : BERG_ELIMIT;
  for (size_t r = 0; r < count && !status; r++)
    status = train_correlate(e, 0, averages, r, single + r * e->columns[0], error);
  return status;
}

static berg_status measure(train_evaluation *e, berg_error *error) {
  float *averages = base_alloc(e->test.images, e->columns[0] * sizeof *averages, error);
  berg_status status = averages ? average(e, averages, error) : BERG_ELIMIT;
  if (!status) status = correlate(e, averages, error);
  base_free(averages);
  return status;
}

static void release(train_evaluation *e) {
  repetitions *own = e->own;
  io_hdf5_free(own->trials);
  base_free(own);
}

const train_measure train_measure_repetitions = {.open = open, .measure = measure, .release = release};
