/* Shapes, files and correlations that do not depend on what is measured. */
#include "train/evaluate/measure.h"

#include "base/machine.h"
#include "base/memory.h"
#include "la/correlation.h"
#include "train/evaluate/presentations.h"

const train_measure *train_measure_of(const model_layout *layout) {
  static const train_measure *const measures[] = {[MODEL_MEASURES_VOXELS] = &train_measure_voxels,
                                                  [MODEL_MEASURES_VERTICES] = &train_measure_vertices,
                                                  [MODEL_MEASURES_REPETITIONS] = &train_measure_repetitions,
                                                  [MODEL_MEASURES_TRIALS] = &train_measure_trials};
  return measures[layout->tested.measures];
}

berg_status train_response_shape(const train_evaluation *e, size_t output, size_t shape[2], size_t *ndim,
                                 berg_error *error) {
  berg_metadata *metadata;
  berg_status status = berg_metadata_open(&metadata, e->model_id, e->options->berg_dir, e->options->subject, error);
  if (status) return status;
  const berg_output *all = berg_metadata_output(metadata, output);
  *ndim = all->axis_count;
  for (size_t a = 0; a < all->axis_count; a++) shape[a] = all->axes[a].length;
  berg_metadata_free(metadata);
  return BERG_OK;
}

berg_status train_open_responses(const train_evaluation *e, model_prepared_file file, size_t output, size_t rows,
                                 size_t *shape, size_t ndim, io_hdf5 **dataset, berg_error *error) {
  char *path;
  berg_status status = model_path_prepared(&path, e->model_id, e->options->berg_dir, e->options->subject, file, output,
                                           e->quarter, error);
  if (!status) status = train_open_rows(dataset, path, e->layout->prepared.dataset, rows, shape, ndim, error);
  base_free(path);
  return status;
}

size_t train_repetitions(const train_evaluation *e, size_t output) {
  const berg_array *predictions = e->predictions[output].values;
  size_t row = 1;
  for (size_t d = 1; d < predictions->ndim; d++) row *= predictions->shape[d];
  return row / e->columns[output];
}

/* The mean over repetitions, in float64 [images][columns]. */
static double *average(const train_evaluation *e, size_t output, berg_error *error) {
  const size_t repetitions = train_repetitions(e, output), columns = e->columns[output];
  const float *predictions = e->predictions[output].values->data;
  double *means = base_calloc(e->test.images, columns * sizeof *means, error);
  for (size_t i = 0; means && i < e->test.images; i++)
    for (size_t r = 0; r < repetitions; r++)
      for (size_t c = 0; c < columns; c++)
        means[i * columns + c] += predictions[(i * repetitions + r) * columns + c] / (double)repetitions;
  return means;
}

static void point(const char **at, const void *data, size_t rows, size_t row_bytes) {
  for (size_t i = 0; i < rows; i++) at[i] = (const char *)data + i * row_bytes;
}

berg_status train_correlate(train_evaluation *e, size_t output, const float *averages, size_t repetition, double *r,
                            berg_error *error) {
  const double start = base_machine_seconds();
  const size_t images = e->test.images, columns = e->columns[output], repetitions = train_repetitions(e, output);
  const float *predictions = e->predictions[output].values->data;
  double *means = repetition == repetitions ? average(e, output, error) : NULL;
  const char **at = base_alloc(2 * images, sizeof *at, error);
  const bool good = at && (means || repetition < repetitions);
  if (good) {
    point(at, averages, images, columns * sizeof *averages);
    if (means)
      point(at + images, means, images, columns * sizeof *means);
    else
      point(at + images, predictions + repetition * columns, images, repetitions * columns * sizeof *predictions);
    const la_rows responses = {at, images, columns, sizeof *averages, BERG_F32};
    const la_rows predicted = {at + images, images, columns, means ? sizeof *means : sizeof *predictions,
                               means ? BERG_F64 : BERG_F32};
    la_correlate(&responses, &predicted, e->threads, r);
  }
  base_free(at);
  base_free(means);
  e->correlation_seconds += base_machine_seconds() - start;
  return good ? BERG_OK : BERG_ELIMIT;
}
