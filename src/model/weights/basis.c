/* Reading scaler and components from a file. */
#include "model/weights/basis.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/container/container.h"

/* More components than images that anybody trains on; bounds what a hostile file can make us allocate. */
#define MAX_COMPONENTS 100000
#define SCALER "scaler_param"

static berg_status fail(const model_basis *basis, const char *item, const char *what, const char *expected,
                        const char *found, berg_error *error) {
  return base_fail_at(error, &(base_fault){BERG_EMODEL, basis->path, BERG_NO_OFFSET, item, what, expected, found});
}

berg_status model_weights_find(const berg_file *file, const char *path, const char *key, const char *name, size_t ndim,
                               const size_t *shape, const char *form, const berg_array **out, berg_error *error) {
  char whole[128], found[128] = "no array of this name";
  base_print(whole, sizeof whole, "%s.%s", key, name);
  const berg_array *array = *out = berg_file_find(file, whole);
  bool fits = array && (array->dtype == BERG_F32 || array->dtype == BERG_F64) && array->ndim == ndim;
  for (size_t d = 0; d < ndim && fits; d++) fits = shape[d] ? array->shape[d] == shape[d] : array->shape[d] > 0;
  if (fits) return BERG_OK;
  if (array) base_array_describe(array, found, sizeof found);
  return base_fail_at(error, &(base_fault){BERG_EMODEL, path, BERG_NO_OFFSET, whole,
                                           array ? "does not fit" : "array missing", form, found});
}

/* The array `name` of the scaler or the PCA. */
static berg_status find(const model_basis *basis, const char *key, const char *name, size_t ndim, const size_t *shape,
                        const berg_array **out, berg_error *error) {
  char form[64];
  base_print(form, sizeof form, ndim == 1 ? "float (%zu,)" : "float (components, %zu)", shape[ndim - 1]);
  return model_weights_find(basis->file, basis->path, key, name, ndim, shape, form, out, error);
}

/* Numbers that are finite in double may leave float32's range: the scale is to blame, or the centre of the feature. */
static berg_status check_range(const model_basis *basis, size_t i, double centre, double scale, berg_error *error) {
  if (isfinite((float)centre) && isfinite((float)(1.0 / scale))) return BERG_OK;
  char found[96];
  base_print(found, sizeof found, "centre %g, scale %g at index %zu", centre, scale, i);
  return fail(basis, "scaler_param.scale_", "not usable", "features that float32 can standardise", found, error);
}

/* Trained on all tokens of the blocks, or on the class tokens alone: the components say which. */
static berg_status choose_features(model_basis *basis, berg_error *error) {
  char name[96];
  base_print(name, sizeof name, "%s.components_", basis->key);
  const berg_array *components = berg_file_find(basis->file, name);
  const bool class_tokens = components && components->ndim == 2 && components->shape[1] == VIT_CLASS_FEATURES;
  basis->tokens = class_tokens ? 1 : VIT_TOKENS;
  basis->features = class_tokens ? VIT_CLASS_FEATURES : VIT_FEATURES;
  if (components) return BERG_OK;
  return find(basis, basis->key, "components_", 2, (const size_t[]){0, VIT_FEATURES}, &components, error);
}

/* Mean and scale of the scaler, mean of the PCA. */
enum { MEAN, SCALE, PCA_MEAN, STATISTICS };
static const char *const statistics[STATISTICS] = {"mean_", "scale_", "mean_"};

static const char *key_of(const model_basis *basis, size_t statistic) {
  return statistic == PCA_MEAN ? basis->key : SCALER;
}

/* Features read at a time: their numbers as doubles stay in the first cache. */
#define FEATURES_AT_ONCE 512

static void read_statistics(const berg_array *const arrays[STATISTICS], size_t first, size_t count,
                            double values[STATISTICS][FEATURES_AT_ONCE]) {
  for (size_t s = 0; s < STATISTICS; s++) {
    berg_array part = *arrays[s];
    part.shape[0] = count;
    part.data = (const char *)part.data + (ptrdiff_t)first * part.strides[0];
    base_convert_to_double(&part, values[s]);
  }
}

static berg_status check_number(const model_basis *basis, size_t statistic, size_t i, double value, berg_error *error) {
  const bool nonzero = statistic == SCALE;
  if (isfinite(value) && !(nonzero && value == 0)) return BERG_OK;
  char name[96], found[64];
  base_print(name, sizeof name, "%s.%s", key_of(basis, statistic), statistics[statistic]);
  base_print(found, sizeof found, "%g at index %zu", value, i);
  return fail(basis, name, "not usable", nonzero ? "finite numbers other than 0" : "finite numbers", found, error);
}

/* Why feature `i` cannot be used, if it cannot. */
static berg_status check_feature(const model_basis *basis, size_t i, double mean, double scale, double pca_mean,
                                 berg_error *error) {
  const double centre = mean + pca_mean * scale;
  if (isfinite(centre) && scale != 0) return check_range(basis, i, centre, scale, error);
  berg_status status = check_number(basis, MEAN, i, mean, error);
  if (!status) status = check_number(basis, SCALE, i, scale, error);
  if (!status) status = check_number(basis, PCA_MEAN, i, pca_mean, error);
  return status ? status : check_range(basis, i, centre, scale, error);
}

static berg_status standardise_part(model_basis *basis, const berg_array *const arrays[STATISTICS], size_t first,
                                    size_t count, berg_error *error) {
  double values[STATISTICS][FEATURES_AT_ONCE];
  const double *mean = values[MEAN], *scale = values[SCALE], *pca_mean = values[PCA_MEAN];
  int good = 1;
  read_statistics(arrays, first, count, values);
  for (size_t i = 0; i < count; i++) {
    const double centre = mean[i] + pca_mean[i] * scale[i];
    const float high = (float)centre, reciprocal = (float)(1.0 / scale[i]);
    basis->centre_high[first + i] = high;
    basis->centre_low[first + i] = (float)(centre - high);
    basis->reciprocal[first + i] = reciprocal;
    good &= fabsf(high) <= FLT_MAX && fabsf(reciprocal) <= FLT_MAX;
  }
  berg_status status = BERG_OK;
  for (size_t i = 0; i < count && !good && !status; i++)
    status = check_feature(basis, first + i, mean[i], scale[i], pca_mean[i], error);
  return status;
}

static berg_status read_standardisation(model_basis *basis, berg_error *error) {
  const size_t features = basis->features;
  const berg_array *arrays[STATISTICS];
  berg_status status = BERG_OK;
  for (size_t s = 0; s < STATISTICS && !status; s++)
    status = find(basis, key_of(basis, s), statistics[s], 1, &features, &arrays[s], error);
  if (status) return status;
  basis->centre_high = base_alloc(features, sizeof(float), error);
  basis->centre_low = base_alloc(features, sizeof(float), error);
  basis->reciprocal = base_alloc(features, sizeof(float), error);
  if (!(basis->centre_high && basis->centre_low && basis->reciprocal)) return BERG_ELIMIT;
  for (size_t first = 0; first < features && !status; first += FEATURES_AT_ONCE) {
    const size_t left = features - first;
    status = standardise_part(basis, arrays, first, left < FEATURES_AT_ONCE ? left : FEATURES_AT_ONCE, error);
  }
  return status;
}

static berg_status read_components(model_basis *basis, berg_error *error) {
  const berg_array *array;
  berg_status status = find(basis, basis->key, "components_", 2, (const size_t[]){0, basis->features}, &array, error);
  if (status) return status;
  basis->components = array->shape[0];
  if (basis->components > MAX_COMPONENTS)
    return base_fail_found(error, BERG_EMODEL, basis->path, array->name, "at most 100,000 components", "%zu",
                           basis->components);
  if (array->dtype == BERG_F32 && array->strides[1] == sizeof(float) && array->strides[0] >= 0) {
    basis->directions = array->data;
    basis->direction_bytes = (size_t)array->strides[0];
    return BERG_OK;
  }
  basis->own_directions = base_alloc_large(basis->components * basis->features, sizeof(float), error);
  if (!basis->own_directions) return BERG_ELIMIT;
  base_convert_to_float(array, basis->own_directions);
  basis->directions = basis->own_directions;
  basis->direction_bytes = basis->features * sizeof(float);
  return BERG_OK;
}

/* A fitted object that whitens would divide the scores, too. */
static berg_status check_whitening(const model_basis *basis, berg_error *error) {
  char name[96];
  base_print(name, sizeof name, "%s.whiten", basis->key);
  const berg_array *whiten = berg_file_find(basis->file, name);
  if (!whiten || whiten->ndim || !base_is_numeric(whiten->dtype) || !base_read_number(whiten->dtype, whiten->data))
    return BERG_OK;
  return fail(basis, name, "not supported", "False", "True", error);
}

berg_status model_basis_open(model_basis *basis, const berg_file *file, const char *path, const char *key,
                             berg_error *error) {
  *basis = (model_basis){.path = path, .file = file, .key = base_copy_text(key, error)};
  if (!basis->key) return BERG_ELIMIT;
  berg_status status = check_whitening(basis, error);
  if (!status) status = choose_features(basis, error);
  if (!status) status = read_standardisation(basis, error);
  return status ? status : read_components(basis, error);
}

void model_basis_close(model_basis *basis) {
  base_free(basis->key);
  base_free(basis->centre_high);
  base_free(basis->centre_low);
  base_free(basis->reciprocal);
  base_free_large(basis->own_directions);
  memset(basis, 0, sizeof *basis);
}

void model_basis_drop_directions(model_basis *basis) {
  if (!basis->own_directions) return;
  base_free_large(basis->own_directions);
  basis->own_directions = NULL;
  basis->directions = NULL;
}

bool model_row_is_finite(const void *row, size_t count) {
  /* all bits of the exponent set: NaN or infinity. Whole numbers and no branch, so that the loop vectorises. */
  const uint32_t exponent = UINT32_C(0x7f800000);
  uint32_t bad = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, (const char *)row + i * sizeof bits, sizeof bits);
    bad |= (uint32_t)((bits & exponent) == exponent);
  }
  return !bad;
}

/* Read once, the components need not stay resident: they are the largest part of the file. */
static void drop_row(const model_basis *basis, const char *row) {
  const io_map *map = io_container_map(basis->file);
  const uintptr_t first = (uintptr_t)row, start = (uintptr_t)map->bytes;
  if (map->bytes && first >= start && first - start < map->size)
    io_map_drop(map, first - start, basis->features * sizeof(float));
}

berg_status model_basis_check(const model_basis *basis, berg_error *error) {
  for (size_t c = 0; c < basis->components && basis->directions; c++) {
    const char *row = (const char *)basis->directions + c * basis->direction_bytes;
    if (model_row_is_finite(row, basis->features)) {
      drop_row(basis, row);
      continue;
    }
    for (size_t i = 0; i < basis->features; i++) {
      float value;
      memcpy(&value, row + i * sizeof value, sizeof value);
      if (isfinite(value)) continue;
      char found[64];
      base_print(found, sizeof found, "%g at (%zu, %zu)", (double)value, c, i);
      char name[96];
      base_print(name, sizeof name, "%s.components_", basis->key);
      return fail(basis, name, "not usable", "finite numbers", found, error);
    }
  }
  return BERG_OK;
}
