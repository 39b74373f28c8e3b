/* A selection of voxels, and their rows of the regression. */
#include "model/weights/columns.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/convert.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/team.h"
#include "base/threads.h"
#include "base/text.h"
#include "model/catalog/metadata.h"

static bool append(model_columns *columns, size_t *capacity, const size_t *voxels, size_t count, berg_error *error) {
  void *block = columns->voxels;
  bool grown = base_grow(&block, capacity, columns->count + count, sizeof *voxels, error);
  columns->voxels = block;
  if (!grown) return false;
  if (count) memcpy(columns->voxels + columns->count, voxels, count * sizeof *voxels);
  columns->count += count;
  return true;
}

static berg_status add_rois(model_columns *columns, size_t *capacity, const berg_metadata *metadata,
                            const berg_model_options *options, berg_error *error) {
  for (size_t i = 0; i < options->roi_count; i++) {
    size_t *voxels, count;
    berg_status status = model_roi_voxels(metadata, options->rois[i], &voxels, &count, error);
    if (status) return status;
    bool added = append(columns, capacity, voxels, count, error);
    base_free(voxels);
    if (!added) return BERG_ELIMIT;
  }
  return BERG_OK;
}

static berg_status add_marked(model_columns *columns, size_t *capacity, const berg_metadata *metadata,
                              const berg_model_options *options, berg_error *error) {
  const size_t voxels = berg_metadata_voxels(metadata), before = columns->count;
  if (options->voxel_index_length != voxels) {
    char expected[64];
    base_print(expected, sizeof expected, "one for each of the subject's %zu voxels", voxels);
    return base_fail_found(error, BERG_EPARAMETER, NULL, "voxel_index has the wrong length", expected, "%zu",
                           options->voxel_index_length);
  }
  for (size_t v = 0; v < voxels; v++) {
    if (options->voxel_index[v] > 1)
      return base_fail_found(error, BERG_EPARAMETER, NULL, "voxel_index marks voxels", "0 or 1", "%u at position %zu",
                             options->voxel_index[v], v);
    if (options->voxel_index[v] && !append(columns, capacity, &v, 1, error)) return BERG_ELIMIT;
  }
  if (columns->count == before)
    return base_fail(error, BERG_EPARAMETER, "voxel_index marks no voxel: expected at least one 1");
  return BERG_OK;
}

static berg_status add_all(model_columns *columns, size_t *capacity, const berg_metadata *metadata, berg_error *error) {
  for (size_t v = 0; v < berg_metadata_voxels(metadata); v++)
    if (!append(columns, capacity, &v, 1, error)) return BERG_ELIMIT;
  return BERG_OK;
}

static berg_status keep_above_ceiling(model_columns *columns, const berg_metadata *metadata, double least,
                                      berg_error *error) {
  double *ceiling;
  berg_status status = model_voxel_values(metadata, "encoding_model.noise_ceiling_testset", &ceiling, error);
  if (status) return status;
  size_t kept = 0;
  for (size_t i = 0; i < columns->count; i++)
    if (ceiling[columns->voxels[i]] >= least) columns->voxels[kept++] = columns->voxels[i];
  base_free(ceiling);
  columns->count = kept;
  if (!kept)
    return base_fail(error, BERG_EPARAMETER, "no selected voxel has a noise ceiling of at least %g %% (0 to 100)",
                     least);
  return BERG_OK;
}

static berg_status select_voxels(model_columns *columns, const berg_metadata *metadata,
                                 const berg_model_options *options, berg_error *error) {
  size_t capacity = 0;
  berg_status status = add_rois(columns, &capacity, metadata, options, error);
  if (!status && options->voxel_index) status = add_marked(columns, &capacity, metadata, options, error);
  if (!status && !columns->count) status = add_all(columns, &capacity, metadata, error);
  if (!status && !isnan(options->min_noise_ceiling))
    status = keep_above_ceiling(columns, metadata, options->min_noise_ceiling, error);
  return status;
}

static berg_status not_finite(const model_fitted *fitted, const char *item, size_t voxel, berg_error *error) {
  char found[64];
  base_print(found, sizeof found, "NaN or infinity in the row of voxel %zu", voxel);
  return base_fail_at(
      error, &(base_fault){BERG_EMODEL, fitted->path, BERG_NO_OFFSET, item, "not usable", "finite numbers", found});
}

static bool is_whole_brain(const model_columns *columns, const model_fitted *fitted) {
  if (columns->count != fitted->voxels) return false;
  for (size_t i = 0; i < columns->count; i++)
    if (columns->voxels[i] != i) return false;
  return true;
}

/* One voxel's weights as floats. */
static void read_row(const model_fitted *fitted, size_t voxel, float *row) {
  berg_array one = *fitted->coefficients;
  one.ndim = 1;
  one.shape[0] = one.shape[1];
  one.data = (const char *)one.data + (ptrdiff_t)voxel * one.strides[0];
  one.strides[0] = one.strides[1];
  base_convert_to_float(&one, row);
}

static float read_intercept(const model_fitted *fitted, size_t voxel) {
  const berg_array *array = fitted->intercepts;
  return (float)base_read_number(array->dtype, (const char *)array->data + (ptrdiff_t)voxel * array->strides[0]);
}

/* Rows that a thread looks through at a time. */
#define TOGETHER ((size_t)1024)

typedef struct finite_search {
  const model_columns *columns;
  size_t k;
  atomic_size_t bad; /* the first that is not finite; `count`: none */
} finite_search;

static void search_rows(void *user, size_t index, size_t rank) {
  finite_search *search = user;
  const model_columns *columns = search->columns;
  const size_t first = index * TOGETHER, end = columns->count - first < TOGETHER ? columns->count : first + TOGETHER;
  (void)rank;
  for (size_t i = end; i-- > first;)
    if (!model_row_is_finite((const char *)columns->coefficients + i * columns->coefficient_bytes, search->k))
      base_note_least(&search->bad, i);
}

static size_t first_not_finite(const model_columns *columns, size_t k, int threads) {
  finite_search search = {.columns = columns, .k = k, .bad = columns->count};
  base_share(threads, (columns->count + TOGETHER - 1) / TOGETHER, search_rows, &search);
  return search.bad;
}

/* The file's own bytes serve where all voxels are wanted in order; else the rows wanted are copied, and no other row of the
 * file is touched. */
static berg_status gather(model_columns *columns, const model_fitted *fitted, int threads, berg_error *error) {
  const berg_array *coefficients = fitted->coefficients;
  const size_t k = fitted->components;
  columns->intercepts = base_alloc(columns->count, sizeof(float), error);
  if (!columns->intercepts) return BERG_ELIMIT;
  bool in_place = coefficients->dtype == BERG_F32 && coefficients->strides[1] == sizeof(float) &&
                  coefficients->strides[0] >= 0 && is_whole_brain(columns, fitted);
  if (in_place) {
    columns->coefficients = coefficients->data;
    columns->coefficient_bytes = (size_t)coefficients->strides[0];
  } else {
    size_t floats;
    if (!base_multiply(columns->count, k, &floats)) return base_fail_memory(error, SIZE_MAX);
    columns->own_coefficients = base_alloc_large(floats, sizeof(float), error);
    if (!columns->own_coefficients) return BERG_ELIMIT;
    columns->coefficients = columns->own_coefficients;
    columns->coefficient_bytes = k * sizeof(float);
    for (size_t i = 0; i < columns->count; i++) read_row(fitted, columns->voxels[i], columns->own_coefficients + i * k);
  }
  for (size_t i = 0; i < columns->count; i++) {
    columns->intercepts[i] = read_intercept(fitted, columns->voxels[i]);
    if (!isfinite(columns->intercepts[i])) return not_finite(fitted, "reg_param.intercept_", columns->voxels[i], error);
  }
  const size_t bad = first_not_finite(columns, k, threads);
  return bad == columns->count ? BERG_OK : not_finite(fitted, "reg_param.coef_", columns->voxels[bad], error);
}

/* The mean response of an ROI is the response of its mean weights: one row instead of hundreds. */
static berg_status average(model_columns *columns, const model_fitted *fitted, const berg_metadata *metadata,
                           const berg_model_options *options, berg_error *error) {
  size_t count = options->roi_count;
  if (!count)
    while (model_roi_name(metadata, count)) count++;
  const size_t k = fitted->components;
  columns->roi_names = base_calloc(count, sizeof *columns->roi_names, error);
  columns->own_coefficients = base_alloc_large(count * k, sizeof(float), error);
  columns->intercepts = base_alloc(count, sizeof(float), error);
  double *sum = base_alloc(k + 1, sizeof *sum, error);
  float *row = base_alloc(k, sizeof *row, error);
  berg_status status =
      columns->roi_names && columns->own_coefficients && columns->intercepts && sum && row ? BERG_OK : BERG_ELIMIT;
  for (size_t i = 0; i < count && !status; i++) {
    model_columns roi = {0};
    const char *name = options->roi_count ? options->rois[i] : model_roi_name(metadata, i);
    berg_model_options one = *options;
    one.rois = &name;
    one.roi_count = 1;
    one.voxel_index = NULL;
    status = select_voxels(&roi, metadata, &one, error);
    if (status == BERG_EPARAMETER && !options->roi_count) { /* all ROIs: those that are empty here have no column */
      model_columns_release(&roi);
      status = BERG_OK;
      continue;
    }
    memset(sum, 0, (k + 1) * sizeof *sum);
    for (size_t v = 0; v < roi.count && !status; v++) {
      read_row(fitted, roi.voxels[v], row);
      for (size_t j = 0; j < k; j++) sum[j] += row[j];
      sum[k] += read_intercept(fitted, roi.voxels[v]);
    }
    float *mean = columns->own_coefficients + columns->count * k;
    for (size_t j = 0; j < k && !status; j++) mean[j] = (float)(sum[j] / (double)roi.count);
    if (!status && (!model_row_is_finite(mean, k) || !isfinite(sum[k])))
      status = not_finite(fitted, "reg_param.coef_", roi.voxels[0], error);
    columns->intercepts[columns->count] = (float)(sum[k] / (double)(roi.count ? roi.count : 1));
    columns->roi_names[columns->count++] = name;
    model_columns_release(&roi);
  }
  base_free(sum);
  base_free(row);
  columns->coefficients = columns->own_coefficients;
  columns->coefficient_bytes = k * sizeof(float);
  if (!status && !columns->count)
    status = base_fail(error, BERG_EPARAMETER, "%s: no ROI of this subject has voxels", berg_metadata_path(metadata));
  return status;
}

berg_status model_columns_select(model_columns *columns, const model_fitted *fitted, const berg_metadata *metadata,
                                 const berg_model_options *options, berg_error *error) {
  memset(columns, 0, sizeof *columns);
  if (fitted->voxels != berg_metadata_voxels(metadata)) {
    char expected[64];
    base_print(expected, sizeof expected, "%zu voxels as in the metadata", berg_metadata_voxels(metadata));
    return base_fail_found(error, BERG_EMODEL, fitted->path, "reg_param.coef_ does not fit", expected, "%zu",
                           fitted->voxels);
  }
  if (options->mean_roi && options->voxel_index)
    return base_fail(error, BERG_EPARAMETER, "means over ROIs cannot be taken over a voxel_index");
  berg_status status = options->mean_roi ? average(columns, fitted, metadata, options, error)
                                         : select_voxels(columns, metadata, options, error);
  if (!status && !options->mean_roi) status = gather(columns, fitted, base_threads_for(options->threads), error);
  if (status) model_columns_release(columns);
  return status;
}

void model_columns_drop_coefficients(model_columns *columns) {
  base_free_large(columns->own_coefficients);
  columns->own_coefficients = NULL;
  columns->coefficients = NULL;
}

void model_columns_release(model_columns *columns) {
  base_free(columns->voxels);
  base_free(columns->roi_names);
  base_free(columns->intercepts);
  base_free_large(columns->own_coefficients);
  memset(columns, 0, sizeof *columns);
}
