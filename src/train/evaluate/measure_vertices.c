/* NSD: correlation of each vertex of two hemispheres, its square, and the share of the data set's own noise ceiling
 * that is explained. docs/accuracy.md has the definitions. */
#include <string.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/catalog/paths.h"
#include "model/stimuli/stimuli.h"
#include "train/evaluate/measure.h"
#include "train/evaluate/presentations.h"

#define PRESENTATIONS 3.0 /* of an image, in the ceilings of NSD */
#define NO_CEILING 1e-14  /* in place of 0, which nothing can be divided by */

/* In the order of the metadata. */
enum { CORRELATION, R2, CEILING, EXPLAINED, QUANTITIES };
static const char *const keys[QUANTITIES][MODEL_OUTPUTS_MAX] = {
    [CORRELATION] = {"lh_correlation_nsdcore", "rh_correlation_nsdcore"},
    [R2] = {"lh_r2_nsdcore", "rh_r2_nsdcore"},
    [CEILING] = {"lh_noise_ceiling_nsdcore", "rh_noise_ceiling_nsdcore"},
    [EXPLAINED] = {"lh_explained_variance_nsdcore", "rh_explained_variance_nsdcore"}};

typedef struct vertices {
  io_hdf5 *trials[MODEL_OUTPUTS_MAX];
  double *ncsnr[MODEL_OUTPUTS_MAX];
} vertices;

/* --- Inputs --- */

static berg_status read_ncsnr(train_evaluation *e, size_t output, berg_error *error) {
  vertices *own = e->own;
  char key[32], found[128] = "no entry of this name";
  base_print(key, sizeof key, "%s_ncsnr", e->layout->outputs[output].name);
  const berg_array *array = berg_file_find(e->prepared, key);
  if (array) base_array_describe(array, found, sizeof found);
  if (!array || array->ndim != 1 || array->shape[0] != e->columns[output] || !base_is_numeric(array->dtype))
    return base_fail_at(error, &(base_fault){BERG_EINPUT, e->prepared_path, BERG_NO_OFFSET, key,
                                             "does not fit the vertices", "one number each", found});
  own->ncsnr[output] = base_alloc(e->columns[output], sizeof(double), error);
  if (!own->ncsnr[output]) return BERG_ELIMIT;
  base_convert_to_double(array, own->ncsnr[output]);
  return BERG_OK;
}

static berg_status open_hemisphere(train_evaluation *e, size_t output, berg_error *error) {
  vertices *own = e->own;
  size_t shape[2], ndim;
  berg_status status = train_response_shape(e, output, shape, &ndim, error);
  if (status) return status;
  e->columns[output] = shape[0];
  status = train_open_responses(e, MODEL_PREPARED_TRAIN, output, e->test.listed, shape, 1, &own->trials[output], error);
  return status ? status : read_ncsnr(e, output, error);
}

static berg_status open(train_evaluation *e, berg_error *error) {
  e->own = base_calloc(1, sizeof(vertices), error);
  if (!e->own) return BERG_ELIMIT;
  berg_status status = train_test_set_rows(&e->test, e->prepared, e->prepared_path, e->layout, error);
  for (size_t o = 0; o < e->outputs && !status; o++) status = open_hemisphere(e, o, error);
  return status;
}

static berg_status check_rows(const train_evaluation *e, const berg_stimuli *stimuli, berg_error *error) {
  const size_t last = e->test.numbers[e->test.images - 1], count = berg_stimuli_count(stimuli);
  char expected[64];
  base_print(expected, sizeof expected, "image %zu, as in the prepared metadata", last);
  if (last < count) return BERG_OK;
  return base_fail_found(error, BERG_EINPUT, e->options->images, "a test image is not in it", expected, "%zu images",
                         count);
}

/* Rows of the dataset of all images, which is named as "file.hdf5" or "file.hdf5:dataset". */
static berg_status images(train_evaluation *e, berg_stimuli **stimuli, berg_error *error) {
  const char *given = e->options->images;
  char *input = base_format(error, model_path_exists(given) ? "%s:%s" : "%s", given, e->layout->prepared.array);
  if (!input) return BERG_ELIMIT;
  berg_status status = berg_stimuli_open(stimuli, (const char *const *)&input, 1, NULL, error);
  if (!status) status = check_rows(e, *stimuli, error);
  if (!status) status = model_stimuli_pick(*stimuli, e->test.numbers, e->test.images, error);
  base_free(input);
  return status;
}

/* --- Measures --- */

static void find_quantities(const double *ncsnr, size_t count, double *const values[QUANTITIES]) {
  for (size_t v = 0; v < count; v++) {
    const double r = values[CORRELATION][v], positive = r < 0 ? 0 : r; /* NaN stays */
    const double squared = ncsnr[v] * ncsnr[v], share = squared / (squared + 1 / PRESENTATIONS);
    const double ceiling = share == 0 ? NO_CEILING : share, explained = 100 * (positive * positive / ceiling);
    values[CORRELATION][v] = positive;
    values[R2][v] = positive * positive;
    values[CEILING][v] = ceiling;
    values[EXPLAINED][v] = explained > 100 ? 100 : explained;
  }
}

static berg_status correlate(train_evaluation *e, size_t output, double *r, berg_error *error) {
  const vertices *own = e->own;
  const double start = base_machine_seconds();
  const train_presentations from = {own->trials[output], e->test.images, e->test.repeats, e->columns[output],
                                    e->test.rows};
  float *averages = base_alloc(from.images, from.columns * sizeof *averages, error);
  berg_status status = averages ? train_average(&from, averages, NULL, e->threads, e->run, error) : BERG_ELIMIT;
  e->reliability_seconds += base_machine_seconds() - start;
  if (!status) status = train_correlate(e, output, averages, 0, r, error);
  base_free(averages);
  return status;
}

static berg_status measure(train_evaluation *e, berg_error *error) {
  vertices *own = e->own;
  double *values[MODEL_OUTPUTS_MAX][QUANTITIES];
  e->results = (train_results){.dict = "encoding_models"};
  for (size_t q = 0; q < QUANTITIES; q++)
    for (size_t o = 0; o < e->outputs; o++) {
      values[o][q] = train_results_add(&e->results, keys[q][o], &e->columns[o], 1, error);
      if (!values[o][q]) return BERG_ELIMIT;
    }
  berg_status status = BERG_OK;
  for (size_t o = 0; o < e->outputs && !status; o++) {
    status = correlate(e, o, values[o][CORRELATION], error);
    if (!status) find_quantities(own->ncsnr[o], e->columns[o], values[o]);
  }
  return status;
}

static void release(train_evaluation *e) {
  vertices *own = e->own;
  for (size_t o = 0; o < MODEL_OUTPUTS_MAX; o++) {
    io_hdf5_free(own->trials[o]);
    base_free(own->ncsnr[o]);
  }
  base_free(own);
}

const train_measure train_measure_vertices = {.open = open, .images = images, .measure = measure, .release = release};
