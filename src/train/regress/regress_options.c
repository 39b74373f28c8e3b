/* Options of the regression, and how targets are cut into chunks. */
#include <math.h>
#include <string.h>

#include "base/options.h"
#include "base/text.h"
#include "train/regress/factor.h"
#include "train/regress/regress_job.h"

static const double default_alphas[] = {1e-4, 1e-3, 1e-2, 0.1, 1, 10};

void(berg_regression_options_init)(berg_regression_options *options, size_t size) {
  const berg_regression_options defaults = {.method = "ols",
                                            .alphas = default_alphas,
                                            .alpha_count = sizeof default_alphas / sizeof *default_alphas,
                                            .folds = 5};
  base_options_init(options, size, &defaults, sizeof defaults);
}

berg_regression_options regress_complete(const berg_regression_options *given) {
  berg_regression_options defaults, options = *given;
  berg_regression_options_init(&defaults);
  if (!options.method) options.method = defaults.method;
  if (!options.folds) options.folds = defaults.folds;
  if (!options.alphas) options.alphas = defaults.alphas, options.alpha_count = defaults.alpha_count;
  return options;
}

bool train_regression_is_ridge(const berg_regression_options *options) {
  return options->method && !strcmp(options->method, "ridge");
}

static berg_status refuse(const char *item, const char *expected, const char *found, berg_error *error) {
  return base_fail_at(error, &(base_fault){BERG_EARGUMENT, NULL, BERG_NO_OFFSET, item,
                                           "not a choice for the regression", expected, found});
}

berg_status train_regression_check(const berg_regression_options *given, berg_error *error) {
  const berg_regression_options options = regress_complete(given);
  char found[64];
  if (strcmp(options.method, "ols") && strcmp(options.method, "ridge"))
    return refuse("method", "\"ols\" or \"ridge\"", options.method, error);
  if (!train_regression_is_ridge(&options)) return BERG_OK;
  if (!options.alpha_count) return refuse("alphas", "at least one", "none", error);
  for (size_t i = 0; i < options.alpha_count; i++)
    if (!isfinite(options.alphas[i]) || options.alphas[i] < 0) {
      base_print(found, sizeof found, "%g", options.alphas[i]);
      return refuse("alphas", "finite numbers of at least 0", found, error);
    }
  base_print(found, sizeof found, "%zu", options.folds);
  return options.folds < 2 ? refuse("folds", "at least 2", found, error) : BERG_OK;
}

void train_chunk(size_t targets, size_t chunks, size_t index, size_t *first, size_t *number) {
  const size_t size = targets / chunks, longer = targets % chunks;
  *first = index * size + (index < longer ? index : longer);
  *number = size + (index < longer);
}

size_t regress_shared_memory(size_t rows, size_t width, const berg_regression_options *options, int threads) {
  const berg_regression_options all = regress_complete(options);
  const size_t factors = 1 + (train_regression_is_ridge(&all) && all.alpha_count > 1 ? all.folds : 0);
  const size_t less = rows < width ? rows : width;
  const size_t tile = REGRESS_TILE * ((rows + less) * sizeof(float) + (less + REGRESS_ROWS) * sizeof(double));
  /* what stays, each thread's tile, and what the making of one factor takes in double: X, U, V, the square and LAPACK's
   * work on it */
  return factors * train_factor_memory(rows, width) + (size_t)threads * tile +
         (rows * width + less * (rows + width) + 3 * less * less) * sizeof(double);
}

size_t train_chunks_for(size_t rows, size_t width, size_t targets, const berg_regression_options *options,
                        const train_machine *machine) {
  if (options->chunks) return options->chunks < targets ? options->chunks : targets ? targets : 1;
  const size_t shared = regress_shared_memory(rows, width, options, machine->threads) + rows * width * sizeof(float);
  const size_t one = (rows + width + 1) * sizeof(float) + 2 * sizeof(double);
  size_t number = targets;
  if (machine->memory) number = machine->memory > shared ? (machine->memory - shared) / 4 / one : 1;
  if (!number) number = 1;
  return targets > number ? (targets + number - 1) / number : 1;
}
