/* What tells the bases of one subject's model from those of another, or of another training. */
#include <string.h>

#include "base/convert.h"
#include "base/memory.h"
#include "model/weights/fitted.h"

/* Floats of each component that are looked at, each time further on: a training that differs does so in all of them,
 * and reading 460 MB would take longer than most questions. */
#define LOOKED_AT ((size_t)1024)

static size_t floats_of(const model_basis *basis) {
  return 3 * basis->features + basis->components * (LOOKED_AT < basis->features ? LOOKED_AT : basis->features);
}

static float *put(float *to, const void *from, size_t count) {
  memcpy(to, from, count * sizeof *to);
  return to + count;
}

/* From the file, since components that are packed may have been let go. */
static float *put_components(float *to, const berg_array *components) {
  const size_t features = components->shape[1], some = LOOKED_AT < features ? LOOKED_AT : features;
  for (size_t c = 0; c < components->shape[0]; c++) {
    const size_t first = c * some % (features - some + 1);
    const char *row = (const char *)components->data + (ptrdiff_t)c * components->strides[0];
    for (size_t j = first; j < first + some; j++)
      *to++ = (float)base_read_number(components->dtype, row + (ptrdiff_t)j * components->strides[1]);
  }
  return to;
}

static berg_status put_basis(float **to, const model_basis *basis, berg_error *error) {
  const size_t features = basis->features, shape[] = {basis->components, features};
  const berg_array *components;
  berg_status status = model_weights_find(basis->file, basis->path, basis->key, "components_", 2, shape,
                                          "components x features", &components, error);
  if (status) return status;
  *to = put(*to, basis->centre_high, features);
  *to = put(*to, basis->centre_low, features);
  *to = put(*to, basis->reciprocal, features);
  *to = put_components(*to, components);
  return BERG_OK;
}

berg_status model_fitted_fingerprint(const model_fitted *fitted, char text[MODEL_FINGERPRINT_TEXT], berg_error *error) {
  size_t count = 0;
  for (size_t b = 0; b < fitted->basis_count; b++) count += floats_of(&fitted->bases[b]);
  float *all = base_alloc_large(count, sizeof *all, error), *to = all;
  if (!all) return BERG_ELIMIT;
  berg_status status = BERG_OK;
  for (size_t b = 0; b < fitted->basis_count && !status; b++) status = put_basis(&to, &fitted->bases[b], error);
  if (!status) base_checksum(all, count * sizeof *all, 1, text);
  base_free_large(all);
  return status;
}
