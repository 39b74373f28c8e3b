/* Finding a regression in its file, and reading rows of it. */
#include "model/weights/readout.h"

#include <string.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/weights/basis.h"

berg_status model_readout_open(model_readout *readout, const berg_file *file, const char *path, const char *key,
                               size_t basis, size_t components, berg_error *error) {
  *readout = (model_readout){.path = path, .file = file, .basis = basis, .components = components};
  readout->key = base_copy_text(key, error);
  if (!readout->key) return BERG_ELIMIT;
  berg_status status = model_weights_find(file, path, key, "coef_", 2, (const size_t[]){0, 0},
                                          "float (rows, components)", &readout->coefficients, error);
  if (status) return status;
  readout->rows = readout->coefficients->shape[0];
  if (readout->coefficients->shape[1] != components) {
    char expected[64], found[128];
    base_print(expected, sizeof expected, "as many columns as there are components, %zu", components);
    base_array_describe(readout->coefficients, found, sizeof found);
    return base_fail_at(error, &(base_fault){BERG_EMODEL, path, BERG_NO_OFFSET, readout->coefficients->name,
                                             "does not fit", expected, found});
  }
  return model_weights_find(file, path, key, "intercept_", 1, &readout->rows, "as coef_ has rows", &readout->intercepts,
                            error);
}

void model_readout_close(model_readout *readout) {
  base_free(readout->key);
  memset(readout, 0, sizeof *readout);
}

void model_readout_row(const model_readout *readout, size_t row, float *coefficients) {
  berg_array one = *readout->coefficients;
  one.ndim = 1;
  one.shape[0] = one.shape[1];
  one.data = (const char *)one.data + (ptrdiff_t)row * one.strides[0];
  one.strides[0] = one.strides[1];
  base_convert_to_float(&one, coefficients);
}

float model_readout_intercept(const model_readout *readout, size_t row) {
  const berg_array *array = readout->intercepts;
  return (float)base_read_number(array->dtype, (const char *)array->data + (ptrdiff_t)row * array->strides[0]);
}
