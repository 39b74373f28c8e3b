/* Names of entries in all generations of upstream's metadata, and means of what they hold. */
#include "metadata_keys.h"

#include <math.h>
#include <string.h>

#include "value.h"

/* Not the share of the ceiling of single voxels and sensors, which is without bound where a ceiling is near 0. */
const cli_quantity cli_quantities[] = {{"encoding_model.noise_ceiling_testset", CLI_CEILING, " %"},
                                       {"encoding_model.noise_ceiling", CLI_CEILING, " %"},
                                       {"encoding_models.%_noise_ceiling_nsdcore", CLI_CEILING, ""},
                                       {"encoding_models.%_noise_ceiling_nsdsynthetic", CLI_CEILING, ""},
                                       {"encoding_models.%_noise_ceiling", CLI_CEILING, ""},
                                       {"encoding_model.correlation_results", CLI_ACCURACY, ""},
                                       {"encoding_model.all_training_splits.correlation_results", CLI_ACCURACY, ""},
                                       {"encoding_models.correlation_averaged_repetitions", CLI_ACCURACY, ""},
                                       {"encoding_models.%_correlation_nsdcore", CLI_ACCURACY, ""},
                                       {"encoding_models.%_correlation_nsdsynthetic", CLI_ACCURACY, ""},
                                       {"encoding_models.%_correlation", CLI_ACCURACY, ""},
                                       {"encoding_models.%_explained_variance_nsdcore", "of ceiling", " %"},
                                       {"encoding_models.%_explained_variance_nsdsynthetic", "of ceiling", " %"},
                                       {"encoding_models.%_explained_variance", "of ceiling", " %"},
                                       {NULL, NULL, NULL}};

size_t cli_units_of(const berg_metadata *metadata, size_t o) {
  return berg_metadata_output(metadata, o)->axes[0].length;
}

size_t cli_times_of(const berg_metadata *metadata) {
  const berg_output *output = berg_metadata_output(metadata, 0);
  return output->axis_count > 1 ? output->axes[1].length : 0;
}

const char *cli_units_name(const berg_metadata *metadata) {
  static const char *const names[][2] = {
      {"vertex", "vertices"}, {"channel", "channels"}, {"sensor", "sensors"}, {"electrode", "electrodes"}};
  const char *unit = berg_metadata_output(metadata, 0)->axes[0].name;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strcmp(names[i][0], unit)) return names[i][1];
  return "voxels";
}

const berg_array *cli_quantity_of(const berg_metadata *metadata, const cli_quantity *quantity, size_t o) {
  char key[160];
  const char *mark = strchr(quantity->key, '%'), *output = berg_metadata_output(metadata, o)->name;
  const size_t before = mark ? (size_t)(mark - quantity->key) : strlen(quantity->key);
  snprintf(key, sizeof key, "%.*s%s%s", (int)before, quantity->key, mark ? output : "", mark ? mark + 1 : "");
  const berg_array *array = berg_metadata_find(metadata, key);
  const size_t times = cli_times_of(metadata);
  if (!array || cli_is_text(array) || array->ndim != (times ? 2U : 1U)) return NULL;
  return array->shape[0] == cli_units_of(metadata, o) && (!times || array->shape[1] == times) ? array : NULL;
}

const cli_quantity *cli_quantity_find(const berg_metadata *metadata, const char *label) {
  for (const cli_quantity *quantity = cli_quantities; quantity->key; quantity++)
    if (!strcmp(quantity->label, label) && cli_quantity_of(metadata, quantity, 0)) return quantity;
  return NULL;
}

double cli_mean_or_peak(const berg_metadata *metadata, const berg_array *const arrays[CLI_OUTPUTS],
                        size_t *const units[CLI_OUTPUTS], const size_t counts[CLI_OUTPUTS], size_t *peak) {
  const size_t times = cli_times_of(metadata), columns = times ? times : 1;
  double greatest = NAN;
  for (size_t t = 0; t < columns; t++) {
    double sum = 0;
    size_t count = 0;
    for (size_t o = 0; o < CLI_OUTPUTS; o++)
      for (size_t i = 0; arrays[o] && i < counts[o]; i++) {
        const size_t unit = units[o] ? units[o][i] : i;
        const double value = cli_element_number(arrays[o], unit * columns + t);
        if (isnan(value)) continue;
        sum += value;
        count++;
      }
    if (!count || sum / (double)count <= greatest) continue;
    greatest = sum / (double)count;
    *peak = t;
  }
  return greatest;
}
