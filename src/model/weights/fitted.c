/* Reading a fitted model from its file. */
#include "model/weights/fitted.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/container/container.h"
#include "model/catalog/paths.h"

/* More components than images that anybody trains on; bounds what a hostile file can make us allocate. */
#define MAX_COMPONENTS 100000

static berg_status fail(const model_fitted *fitted, const char *item, const char *what, const char *expected,
                        const char *found, berg_error *error) {
  return base_fail_at(error, &(base_fault){BERG_EMODEL, fitted->path, BERG_NO_OFFSET, item, what, expected, found});
}

/* A real-valued array of `ndim` dimensions; sizes of 0 in `shape` are open. */
static berg_status find(const model_fitted *fitted, const char *name, size_t ndim, const size_t *shape,
                        const berg_array **out, berg_error *error) {
  char expected[64], found[128];
  if (ndim == 1)
    base_print(expected, sizeof expected, shape[0] ? "float (%zu,)" : "float (voxels,)", shape[0]);
  else
    base_print(expected, sizeof expected, shape[1] ? "float (components, %zu)" : "float (voxels, components)",
               shape[1]);
  const berg_array *array = berg_file_find(fitted->file, name);
  *out = array;
  if (!array) return fail(fitted, name, "array missing", expected, "no array of this name", error);
  bool fits = (array->dtype == BERG_F32 || array->dtype == BERG_F64) && array->ndim == ndim;
  for (size_t d = 0; d < ndim && fits; d++) fits = shape[d] ? array->shape[d] == shape[d] : array->shape[d] > 0;
  if (fits) return BERG_OK;
  base_array_describe(array, found, sizeof found);
  return fail(fitted, name, "does not fit", expected, found, error);
}

static berg_status check_number(const model_fitted *fitted, const char *name, size_t i, double value, bool nonzero,
                                berg_error *error) {
  if (isfinite(value) && !(nonzero && value == 0)) return BERG_OK;
  char found[64];
  base_print(found, sizeof found, "%g at index %zu", value, i);
  return fail(fitted, name, "not usable", nonzero ? "finite numbers other than 0" : "finite numbers", found, error);
}

/* Numbers that are finite in double may leave float32's range: the scale is to blame, or the centre of the feature. */
static berg_status check_range(const model_fitted *fitted, size_t i, double centre, double scale, berg_error *error) {
  if (isfinite((float)centre) && isfinite((float)(1.0 / scale))) return BERG_OK;
  char found[96];
  base_print(found, sizeof found, "centre %g, scale %g at index %zu", centre, scale, i);
  return fail(fitted, "scaler_param.scale_", "not usable", "features that float32 can standardise", found, error);
}

/* Trained on all tokens of the blocks, or on the class tokens alone: the components say which. */
static void choose_features(model_fitted *fitted) {
  const berg_array *components = berg_file_find(fitted->file, "pca_param.components_");
  const bool class_tokens = components && components->ndim == 2 && components->shape[1] == VIT_CLASS_FEATURES;
  fitted->tokens = class_tokens ? 1 : VIT_TOKENS;
  fitted->features = class_tokens ? VIT_CLASS_FEATURES : VIT_FEATURES;
}

/* Mean and scale of the scaler, mean of the PCA. */
enum { MEAN, SCALE, PCA_MEAN, STATISTICS };
static const char *const statistics[STATISTICS] = {"scaler_param.mean_", "scaler_param.scale_", "pca_param.mean_"};

/* Features read at a time: their numbers as doubles stay in the first cache. Opening a subject took 24 ms, now 9. */
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

/* Why feature `i` cannot be used, if it cannot. */
static berg_status check_feature(const model_fitted *fitted, size_t i, double mean, double scale, double pca_mean,
                                 berg_error *error) {
  const double centre = mean + pca_mean * scale;
  if (isfinite(centre) && scale != 0) return check_range(fitted, i, centre, scale, error);
  berg_status status = check_number(fitted, statistics[MEAN], i, mean, false, error);
  if (!status) status = check_number(fitted, statistics[SCALE], i, scale, true, error);
  if (!status) status = check_number(fitted, statistics[PCA_MEAN], i, pca_mean, false, error);
  return status ? status : check_range(fitted, i, centre, scale, error);
}

static berg_status standardise_part(model_fitted *fitted, const berg_array *const arrays[STATISTICS], size_t first,
                                    size_t count, berg_error *error) {
  double values[STATISTICS][FEATURES_AT_ONCE];
  const double *mean = values[MEAN], *scale = values[SCALE], *pca_mean = values[PCA_MEAN];
  int good = 1;
  read_statistics(arrays, first, count, values);
  for (size_t i = 0; i < count; i++) {
    const double centre = mean[i] + pca_mean[i] * scale[i];
    const float high = (float)centre, reciprocal = (float)(1.0 / scale[i]);
    fitted->centre_high[first + i] = high;
    fitted->centre_low[first + i] = (float)(centre - high);
    fitted->reciprocal[first + i] = reciprocal;
    good &= fabsf(high) <= FLT_MAX && fabsf(reciprocal) <= FLT_MAX;
  }
  berg_status status = BERG_OK;
  for (size_t i = 0; i < count && !good && !status; i++)
    status = check_feature(fitted, first + i, mean[i], scale[i], pca_mean[i], error);
  return status;
}

static berg_status read_standardisation(model_fitted *fitted, berg_error *error) {
  const size_t features = fitted->features;
  const berg_array *arrays[STATISTICS];
  berg_status status = BERG_OK;
  for (size_t s = 0; s < STATISTICS && !status; s++)
    status = find(fitted, statistics[s], 1, &features, &arrays[s], error);
  if (status) return status;
  fitted->centre_high = base_alloc(features, sizeof(float), error);
  fitted->centre_low = base_alloc(features, sizeof(float), error);
  fitted->reciprocal = base_alloc(features, sizeof(float), error);
  if (!(fitted->centre_high && fitted->centre_low && fitted->reciprocal)) return BERG_ELIMIT;
  for (size_t first = 0; first < features && !status; first += FEATURES_AT_ONCE) {
    const size_t left = features - first;
    status = standardise_part(fitted, arrays, first, left < FEATURES_AT_ONCE ? left : FEATURES_AT_ONCE, error);
  }
  return status;
}

static berg_status read_components(model_fitted *fitted, berg_error *error) {
  const char *const name = "pca_param.components_";
  const berg_array *array;
  berg_status status = find(fitted, name, 2, (const size_t[]){0, fitted->features}, &array, error);
  if (status) return status;
  fitted->components = array->shape[0];
  if (fitted->components > MAX_COMPONENTS)
    return base_fail_found(error, BERG_EMODEL, fitted->path, name, "at most 100,000 components", "%zu",
                           fitted->components);
  if (array->dtype == BERG_F32 && array->strides[1] == sizeof(float) && array->strides[0] >= 0) {
    fitted->directions = array->data;
    fitted->direction_bytes = (size_t)array->strides[0];
    return BERG_OK;
  }
  fitted->own_directions = base_alloc_large(fitted->components * fitted->features, sizeof(float), error);
  if (!fitted->own_directions) return BERG_ELIMIT;
  base_convert_to_float(array, fitted->own_directions);
  fitted->directions = fitted->own_directions;
  fitted->direction_bytes = fitted->features * sizeof(float);
  return BERG_OK;
}

static berg_status find_regression(model_fitted *fitted, berg_error *error) {
  berg_status status = find(fitted, "reg_param.coef_", 2, (const size_t[]){0, 0}, &fitted->coefficients, error);
  if (status) return status;
  fitted->voxels = fitted->coefficients->shape[0];
  if (fitted->coefficients->shape[1] != fitted->components) {
    char expected[64], found[128];
    base_print(expected, sizeof expected, "as many columns as there are components, %zu", fitted->components);
    base_array_describe(fitted->coefficients, found, sizeof found);
    return fail(fitted, "reg_param.coef_", "does not fit", expected, found, error);
  }
  return find(fitted, "reg_param.intercept_", 1, &fitted->voxels, &fitted->intercepts, error);
}

static berg_status open_path(model_fitted *fitted, berg_error *error) {
  berg_status status = model_blame(berg_file_open(&fitted->file, fitted->path, error), error);
  if (!status) choose_features(fitted);
  if (!status) status = read_standardisation(fitted, error);
  if (!status) status = read_components(fitted, error);
  if (!status) status = find_regression(fitted, error);
  if (status) model_fitted_close(fitted);
  return status;
}

berg_status model_fitted_open(model_fitted *fitted, const char *berg_dir, int subject, berg_error *error) {
  memset(fitted, 0, sizeof *fitted);
  berg_status status = model_path_weights(&fitted->path, berg_dir, subject, error);
  return status ? status : open_path(fitted, error);
}

berg_status model_fitted_open_file(model_fitted *fitted, const char *path, berg_error *error) {
  memset(fitted, 0, sizeof *fitted);
  fitted->path = base_copy_text(path, error);
  return fitted->path ? open_path(fitted, error) : BERG_ELIMIT;
}

void model_fitted_close(model_fitted *fitted) {
  berg_file_free(fitted->file);
  base_free(fitted->path);
  base_free(fitted->centre_high);
  base_free(fitted->centre_low);
  base_free(fitted->reciprocal);
  base_free_large(fitted->own_directions);
  memset(fitted, 0, sizeof *fitted);
}

void model_fitted_drop_directions(model_fitted *fitted) {
  if (!fitted->own_directions) return;
  base_free_large(fitted->own_directions);
  fitted->own_directions = NULL;
  fitted->directions = NULL;
}

bool model_row_is_finite(const void *row, size_t count) {
  /* the sum of x * 0 is 0 unless some x is not finite; no branch in the loop, so that it vectorises */
  float zero = 0;
  for (size_t i = 0; i < count; i++) {
    float value;
    memcpy(&value, (const char *)row + i * sizeof value, sizeof value);
    zero += value * 0.0f;
  }
  return zero == 0.0f;
}

/* Read once, the components need not stay resident: they are the largest part of the file. */
static void drop_row(const model_fitted *fitted, const char *row) {
  const io_map *map = io_container_map(fitted->file);
  const uintptr_t first = (uintptr_t)row, start = (uintptr_t)map->bytes;
  if (map->bytes && first >= start && first - start < map->size)
    io_map_drop(map, first - start, fitted->features * sizeof(float));
}

berg_status model_fitted_check_components(const model_fitted *fitted, berg_error *error) {
  for (size_t c = 0; c < fitted->components && fitted->directions; c++) {
    const char *row = (const char *)fitted->directions + c * fitted->direction_bytes;
    if (model_row_is_finite(row, fitted->features)) {
      drop_row(fitted, row);
      continue;
    }
    for (size_t i = 0; i < fitted->features; i++) {
      float value;
      memcpy(&value, row + i * sizeof value, sizeof value);
      if (isfinite(value)) continue;
      char found[64];
      base_print(found, sizeof found, "%g at (%zu, %zu)", (double)value, c, i);
      return fail(fitted, "pca_param.components_", "not usable", "finite numbers", found, error);
    }
  }
  return BERG_OK;
}
