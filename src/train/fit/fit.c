/* berg_fit: scaler, components and regression of matrices in memory. */
#include "train/fit/fit.h"

#include <string.h>

#include "base/array.h"
#include "base/isa.h"
#include "base/memory.h"
#include "base/memory_limit.h"
#include "base/options.h"
#include "base/threads.h"
#include "base/text.h"
#include "train/pca/matrix.h"
#include "train/regress/regress.h"
#include "train/pca/standardise.h"

#define DEFAULT_MEMORY ((size_t)4 << 30)

void(berg_fit_options_init)(berg_fit_options *options, size_t size) {
  const berg_fit_options defaults = {.components = 250, .standardise = 1};
  base_options_init(options, size, &defaults, sizeof defaults);
}

berg_status train_fit_check(const berg_array *array, const char *name, berg_error *error) {
  char found[128];
  if (array && array->data && array->ndim == 2 && (array->dtype == BERG_F32 || array->dtype == BERG_F64) &&
      array->shape[0] && array->shape[1])
    return BERG_OK;
  if (array)
    base_array_describe(array, found, sizeof found);
  else
    base_print(found, sizeof found, "nothing");
  return base_fail_at(error, &(base_fault){BERG_EARGUMENT, NULL, BERG_NO_OFFSET, name, "not a matrix to fit with",
                                           "float32 or float64 of two dimensions, none of them 0", found});
}

static berg_status check(const berg_array *features, const berg_array *responses, const berg_fit_options *options,
                         berg_error *error) {
  berg_status status = train_fit_check(features, "features", error);
  if (!status) status = train_fit_check(responses, "responses", error);
  if (!status) status = train_regression_check(options->regression, error);
  if (!status && features->shape[0] != responses->shape[0]) {
    char expected[64], found[64];
    base_print(expected, sizeof expected, "%zu rows, as the features", features->shape[0]);
    base_print(found, sizeof found, "%zu", responses->shape[0]);
    status = base_fail_at(
        error, &(base_fault){BERG_EARGUMENT, NULL, BERG_NO_OFFSET, "responses", "they do not fit", expected, found});
  }
  return status;
}

/* --- Features to scores --- */

/* `*scores` [rows][width]: the PCA's own, or standardised features that are to be freed. */
static berg_status make_scores(berg_fit *fit, const berg_array *features, const berg_fit_options *options,
                               const train_machine *machine, const berg_run *run, float **scores, berg_error *error) {
  train_matrix matrix;
  berg_status status = train_matrix_open(&matrix, features, error);
  if (status) return status;
  if (options->components) {
    const train_pca_options pca = {.components = options->components, .standardise = options->standardise != 0};
    status = train_pca_fit(&fit->pca, &matrix.panels, &pca, machine, run, error);
    *scores = fit->pca.scores;
  } else {
    status = train_standardise(&fit->pca, scores, &matrix.panels, options->standardise != 0, machine, run, error);
  }
  train_matrix_close(&matrix);
  /* what is an invalid file to a store is an invalid matrix here */
  if (status == BERG_EINPUT) {
    status = BERG_ESTIMULUS;
    if (error) error->status = status;
  }
  return status;
}

/* --- Scores to coefficients --- */

typedef struct regression_work {
  berg_fit *fit;
  const berg_array *responses;
  const train_regression *regression;
  size_t chunks;
  float *chunk;    /* [rows][longest chunk] */
  double *offsets; /* [longest chunk] */
} regression_work;

static berg_status regress_chunk(const regression_work *w, size_t index, size_t *done, berg_error *error) {
  berg_fit *fit = w->fit;
  size_t first, number;
  train_chunk(fit->targets, w->chunks, index, &first, &number);
  const bool wide = w->responses->dtype == BERG_F64;
  if (wide) train_matrix_first_row(w->responses, first, number, w->offsets);
  train_matrix_copy(w->responses, first, number, wide ? w->offsets : NULL, w->chunk);
  berg_status status = train_regress(w->regression, w->chunk, number, fit->coefficients + first * fit->width,
                                     fit->intercepts + first, fit->alphas ? fit->alphas + first : NULL, error);
  if (status == BERG_ESTIMULUS && error) {
    size_t target;
    if (base_scan(error->item, "target %zu", &target) == 1) {
      char item[48];
      base_print(item, sizeof item, "target %zu", first + target);
      base_fail_at(error, &(base_fault){BERG_ESTIMULUS, NULL, BERG_NO_OFFSET, item, "its responses cannot be regressed",
                                        "finite numbers", "NaN or infinity"});
    }
  }
  for (size_t t = 0; t < number && wide && !status; t++)
    fit->intercepts[first + t] = (float)(fit->intercepts[first + t] + w->offsets[t]);
  *done = first + number;
  return status;
}

static berg_status regress_chunks(const regression_work *w, const berg_run *run, berg_error *error) {
  train_stage stage;
  train_stage_begin(&stage, run, "regression", "targets", w->fit->targets);
  berg_status status = train_stage_progress(&stage, 0, error);
  for (size_t index = 0; index < w->chunks && !status; index++) {
    size_t done;
    status = regress_chunk(w, index, &done, error);
    if (!status) status = train_stage_progress(&stage, done, error);
  }
  return status;
}

static berg_status regress(berg_fit *fit, const float *scores, const berg_array *responses,
                           const berg_regression_options *options, const train_machine *machine, const berg_run *run,
                           berg_error *error) {
  const train_scores on = {scores, fit->pca.rows, fit->width};
  train_regression *regression;
  berg_status status = train_regression_new(&regression, &on, options, machine, error);
  if (status) return status;
  regression_work w = {.fit = fit, .responses = responses, .regression = regression};
  w.chunks = train_chunks_for(on.rows, on.width, fit->targets, options, machine);
  const size_t longest = (fit->targets + w.chunks - 1) / w.chunks;
  fit->coefficients = base_alloc_large(fit->targets, fit->width * sizeof(float), error);
  fit->intercepts = base_alloc(fit->targets, sizeof(float), error);
  w.chunk = base_alloc_large(on.rows, longest * sizeof(float), error);
  w.offsets = base_alloc(longest, sizeof(double), error);
  if (train_regression_is_ridge(options)) fit->alphas = base_alloc(fit->targets, sizeof(double), error);
  status = fit->coefficients && fit->intercepts && w.chunk && w.offsets &&
                   (fit->alphas || !train_regression_is_ridge(options))
               ? regress_chunks(&w, run, error)
               : BERG_ELIMIT;
  base_free_large(w.chunk);
  base_free(w.offsets);
  train_regression_free(regression);
  return status;
}

/* --- The handle --- */

static berg_status fit_all(berg_fit *fit, const berg_array *features, const berg_array *responses,
                           const berg_fit_options *options, const berg_run *run, berg_error *error) {
  base_isa isa;
  berg_status status = base_isa_choose(&isa, options->isa, error);
  if (status) return status;
  const size_t memory = options->memory ? options->memory : base_memory_default(DEFAULT_MEMORY);
  const train_machine machine = train_machine_for(isa, base_threads_for(options->threads), memory);
  float *scores = NULL;
  fit->floats = machine.floats, fit->kernels = machine.kernels, fit->threads = machine.threads;
  fit->targets = responses->shape[1];
  fit->width = options->components ? options->components : features->shape[1];
  status = make_scores(fit, features, options, &machine, run, &scores, error);
  if (!status) status = regress(fit, scores, responses, options->regression, &machine, run, error);
  base_free_large(scores);
  fit->pca.scores = NULL;
  return status;
}

berg_status berg_fit_open(berg_fit **out, const berg_array *features, const berg_array *responses,
                          const berg_fit_options *given, const berg_run *given_run, berg_error *error) {
  berg_fit_options options;
  berg_regression_options regression;
  berg_run run;
  if (!out) return base_fail(error, BERG_EARGUMENT, "berg_fit_open: no place for the handle");
  *out = NULL;
  berg_status status = BASE_TAKE(berg_fit_options, &options, given, error);
  if (!status) status = BASE_TAKE(berg_regression_options, &regression, options.regression, error);
  if (!status) status = BASE_TAKE(berg_run, &run, given_run, error);
  options.regression = &regression;
  if (!status) status = check(features, responses, &options, error);
  if (status) return status;
  berg_fit *fit = base_calloc(1, sizeof *fit, error);
  if (!fit) return BERG_ELIMIT;
  status = fit_all(fit, features, responses, &options, &run, error);
  if (!status)
    status = train_weights_document(&fit->document, &fit->entries,
                                    &(train_weights){.pca = &fit->pca,
                                                     .targets = fit->targets,
                                                     .coefficients = fit->coefficients,
                                                     .intercepts = fit->intercepts,
                                                     .alphas = fit->alphas},
                                    error);
  if (status)
    berg_fit_free(fit);
  else
    *out = fit;
  return status;
}

void berg_fit_free(berg_fit *fit) {
  if (!fit) return;
  io_arena_release(&fit->document.arena);
  train_pca_release(&fit->pca);
  base_free_large(fit->coefficients);
  base_free(fit->intercepts);
  base_free(fit->alphas);
  base_free(fit);
}

size_t berg_fit_count(const berg_fit *fit) { return fit->entries.count; }

const berg_array *berg_fit_entry(const berg_fit *fit, size_t index) {
  return index < fit->entries.count ? &fit->entries.arrays[index] : NULL;
}

const berg_array *berg_fit_find(const berg_fit *fit, const char *name) {
  for (size_t i = 0; name && i < fit->entries.count; i++)
    if (!strcmp(fit->entries.arrays[i].name, name)) return &fit->entries.arrays[i];
  return NULL;
}

berg_status berg_fit_save(const berg_fit *fit, const char *path, int force, berg_error *error) {
  if (!path) return base_fail(error, BERG_EARGUMENT, "berg_fit_save: no path");
  return train_weights_save(&fit->document, &fit->entries, path, force != 0, error);
}
