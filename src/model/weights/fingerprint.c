/* What tells the bases of one subject's model from those of another, or of another training. */
#include <string.h>

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

static float *put_basis(float *to, const model_basis *basis) {
  const size_t features = basis->features, some = LOOKED_AT < features ? LOOKED_AT : features;
  to = put(to, basis->centre_high, features);
  to = put(to, basis->centre_low, features);
  to = put(to, basis->reciprocal, features);
  for (size_t c = 0; c < basis->components; c++) {
    const size_t first = c * some % (features - some + 1);
    to = put(to, (const char *)basis->directions + c * basis->direction_bytes + first * sizeof(float), some);
  }
  return to;
}

berg_status model_fitted_fingerprint(const model_fitted *fitted, char text[MODEL_FINGERPRINT_TEXT], berg_error *error) {
  size_t count = 0;
  for (size_t b = 0; b < fitted->basis_count; b++) count += floats_of(&fitted->bases[b]);
  float *all = base_alloc_large(count, sizeof *all, error), *to = all;
  if (!all) return BERG_ELIMIT;
  for (size_t b = 0; b < fitted->basis_count; b++) to = put_basis(to, &fitted->bases[b]);
  base_checksum(all, count * sizeof *all, 1, text);
  base_free_large(all);
  return BERG_OK;
}
