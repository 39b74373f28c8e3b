/* Noise ceilings of single trials out of the metadata. That of a mean of n trials says the same, by nc / (n - (n - 1)
 * nc), given n, which metadata do not say: where they have such, they have the ratio that both follow from, and that is
 * read. */
#include "model/trials/ceiling.h"

#include <stdbool.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/memory.h"
#include "model/catalog/metadata.h"

static berg_status fail(const berg_metadata *metadata, const char *key, const char *what, const char *expected,
                        const char *found, berg_error *error) {
  return base_fail_at(
      error, &(base_fault){BERG_EMODEL, berg_metadata_path(metadata), BERG_NO_OFFSET, key, what, expected, found});
}

static berg_status find(const berg_array **array, const berg_metadata *metadata, size_t output, const char *key,
                        berg_error *error) {
  const size_t units = model_metadata_units(metadata, output), times = model_metadata_times(metadata);
  const berg_array *found = *array = berg_metadata_find(metadata, key);
  char form[128];
  size_t values;
  if (!found)
    return fail(metadata, key, "array missing", "the reliability of single trials, as an evaluation writes it",
                "no array of this name", error);
  if (base_is_numeric(found->dtype) && found->ndim == (times > 1 ? 2 : 1) && found->shape[0] == units &&
      base_array_count(found, &values) && values == units * times)
    return BERG_OK;
  base_array_describe(found, form, sizeof form);
  return fail(metadata, key, "does not fit", times > 1 ? "one number a unit and time" : "one number a unit", form,
              error);
}

/* NaN stays what it is; a ratio may be 0 or infinite. */
static double share_of(double number, bool is_ratio) {
  return is_ratio ? 1 / (1 + 1 / (number * number)) : number / 100;
}

static berg_status take(double *values, size_t count, const berg_metadata *metadata, const char *key, bool is_ratio,
                        berg_error *error) {
  for (size_t i = 0; i < count; i++) {
    const double share = share_of(values[i], is_ratio);
    if (values[i] < 0 || share > 1)
      return base_fail_found(error, BERG_EMODEL, berg_metadata_path(metadata), key,
                             is_ratio ? "numbers from 0 up" : "percent, 0 to 100", "%g at index %zu", values[i], i);
    values[i] = share;
  }
  return BERG_OK;
}

berg_status model_ceilings_read(double **ceilings, const berg_metadata *metadata, size_t output, berg_error *error) {
  const model_layout *layout = model_metadata_layout(metadata);
  const size_t count = model_metadata_units(metadata, output) * model_metadata_times(metadata);
  const char *key = layout->outputs[output].reliability;
  const berg_array *array;
  *ceilings = NULL;
  berg_status status = find(&array, metadata, output, key, error);
  if (status) return status;
  double *values = base_alloc(count, sizeof *values, error);
  if (!values) return BERG_ELIMIT;
  base_convert_to_double(array, values);
  status = take(values, count, metadata, key, layout->reliability_is_ratio, error);
  if (status)
    base_free(values);
  else
    *ceilings = values;
  return status;
}
