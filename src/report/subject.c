/* What a report needs of one subject. */
#include "report/subject.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/convert.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/catalog/metadata.h"
#include "model/catalog/paths.h"
#include "model/catalog/registry.h"

/* An entry that may be missing. What is not finite counts as no value. */
static berg_status load(const berg_metadata *metadata, const char *name, double **values, berg_error *error) {
  *values = NULL;
  berg_status status = berg_metadata_find(metadata, name) ? model_voxel_values(metadata, name, values, error) : BERG_OK;
  for (size_t i = 0; *values && i < model_metadata_voxels(metadata); i++)
    if (!isfinite((*values)[i])) (*values)[i] = NAN;
  return status;
}

static berg_status check_accuracy(const report_subject *subject, berg_error *error) {
  for (size_t i = 0; i < subject->voxels && subject->accuracy; i++)
    if (fabs(subject->accuracy[i]) > 1 + 1e-6)
      return base_fail_found(error, BERG_EMODEL, berg_metadata_path(subject->metadata),
                             "encoding_model.correlation_results", "correlations from -1 to 1", "%g at voxel %zu",
                             subject->accuracy[i], i);
  return BERG_OK;
}

static berg_status load_coordinates(report_subject *subject, berg_error *error) {
  const berg_array *all = berg_metadata_find(subject->metadata, "fmri.voxel_coords");
  for (size_t axis = 0; axis < 3; axis++) {
    berg_array column = *all;
    column.ndim = 1;
    column.data = (const char *)all->data + (ptrdiff_t)axis * all->strides[1];
    subject->coordinates[axis] = base_alloc(subject->voxels, sizeof(double), error);
    if (!subject->coordinates[axis]) return BERG_ELIMIT;
    base_convert_to_double(&column, subject->coordinates[axis]);
  }
  return BERG_OK;
}

/* An empty region, which is an error for encoding alone, keeps no voxels. */
static berg_status load_region(const berg_metadata *metadata, report_region *region, berg_error *error) {
  char *name = base_format(error, "roi.%s", region->name);
  if (!name) return BERG_ELIMIT;
  const berg_array *entry = berg_metadata_find(metadata, name);
  base_free(name);
  if (entry && entry->ndim == 1 && !entry->shape[0]) return BERG_OK;
  return model_roi_voxels(metadata, region->name, &region->voxels, &region->count, error);
}

static berg_status load_regions(report_subject *subject, berg_error *error) {
  berg_status status = BERG_OK;
  while (model_roi_name(subject->metadata, subject->region_count)) subject->region_count++;
  subject->regions = base_calloc(subject->region_count, sizeof *subject->regions, error);
  if (!subject->regions) return BERG_ELIMIT;
  for (size_t i = 0; i < subject->region_count && !status; i++) {
    subject->regions[i].name = model_roi_name(subject->metadata, i);
    status = load_region(subject->metadata, &subject->regions[i], error);
  }
  return status;
}

static berg_status make_share(report_subject *subject, berg_error *error) {
  if (!subject->accuracy || !subject->ceiling) return BERG_OK;
  subject->share = base_alloc(subject->voxels, sizeof *subject->share, error);
  if (!subject->share) return BERG_ELIMIT;
  for (size_t i = 0; i < subject->voxels; i++) {
    double r = subject->accuracy[i], ceiling = subject->ceiling[i];
    double share = ceiling > 0 ? 100 * fmax(r, 0) * fmax(r, 0) / (ceiling / 100) : NAN;
    subject->share[i] = isnan(r) || !isfinite(share) ? NAN : share;
  }
  return BERG_OK;
}

static berg_status sort_values(report_sorted *sorted, const double *values, size_t count, berg_error *error) {
  if (!values) return BERG_OK;
  sorted->values = base_alloc(count, sizeof *values, error);
  if (!sorted->values) return BERG_ELIMIT;
  sorted->count = report_sort(values, count, sorted->values);
  return BERG_OK;
}

static berg_status number_subject(report_subject *subject, const char *model_id, berg_error *error) {
  char **known;
  size_t count;
  berg_status status = model_subjects(model_id, &known, &count, error);
  for (size_t i = 0; i < count; i++)
    if (!strcmp(known[i], subject->name)) subject->number = (int)i + 1;
  base_free_texts(known, count);
  return status;
}

static berg_status open_subject(report_subject *subject, const char *model_id, const char *berg_dir,
                                berg_error *error) {
  berg_status status = berg_metadata_open(&subject->metadata, model_id, berg_dir, subject->name, error);
  if (status) return status;
  berg_status known = number_subject(subject, model_id, error);
  if (known) return known;
  subject->shown = model_subject_name(model_layout_of(model_id), subject->name, error);
  if (!subject->shown) return BERG_ELIMIT;
  const berg_metadata *metadata = subject->metadata;
  subject->voxels = model_metadata_voxels(metadata);
  const struct {
    const char *name;
    double **values;
  } entries[] = {{"encoding_model.correlation_results", &subject->accuracy},
                 {"encoding_model.noise_ceiling_testset", &subject->ceiling},
                 {"prf.prf_eccentricity", &subject->eccentricity},
                 {"prf.prf_polarangle", &subject->angle}};
  for (size_t i = 0; i < sizeof entries / sizeof *entries && !status; i++)
    status = load(metadata, entries[i].name, entries[i].values, error);
  if (!status) status = check_accuracy(subject, error);
  if (!status) status = load_coordinates(subject, error);
  if (!status) status = load_regions(subject, error);
  if (!status) status = sort_values(&subject->sorted_accuracy, subject->accuracy, subject->voxels, error);
  if (!status) status = sort_values(&subject->sorted_ceiling, subject->ceiling, subject->voxels, error);
  return status ? status : make_share(subject, error);
}

berg_status report_data_open(report_data *data, const char *model_id, const char *berg_dir, const char *const *subjects,
                             size_t count, berg_error *error) {
  static const char *const first[1] = {"1"};
  *data = (report_data){.count = 0};
  if (!subjects) {
    subjects = first;
    count = 1;
  }
  if (!count) return base_fail(error, BERG_EARGUMENT, "a report needs a subject");
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < i; j++)
      if (!strcmp(subjects[i], subjects[j]))
        return base_fail(error, BERG_EPARAMETER, "subject %s is named twice", subjects[i]);
  berg_status status = model_check_id(model_id, error);
  if (!status && strcmp(model_id, MODEL_FIRST))
    status = base_fail(error, BERG_EPARAMETER, "%s: there is no report of this model yet", model_id);
  /* different subjects that are known are at most three */
  for (size_t i = 0; i < count && i < REPORT_MOST_SUBJECTS && !status; i++) {
    data->subjects[i].name = subjects[i];
    data->count = i + 1;
    status = open_subject(&data->subjects[i], model_id, berg_dir, error);
  }
  if (!status && count > REPORT_MOST_SUBJECTS)
    status = model_check_subject(model_id, subjects[REPORT_MOST_SUBJECTS], error);
  if (status) report_data_close(data);
  return status;
}

void report_data_close(report_data *data) {
  for (size_t i = 0; i < data->count; i++) {
    report_subject *subject = &data->subjects[i];
    for (size_t j = 0; j < subject->region_count && subject->regions; j++) base_free(subject->regions[j].voxels);
    for (size_t j = 0; j < 3; j++) base_free(subject->coordinates[j]);
    base_free(subject->regions);
    base_free(subject->accuracy);
    base_free(subject->ceiling);
    base_free(subject->share);
    base_free(subject->sorted_accuracy.values);
    base_free(subject->sorted_ceiling.values);
    base_free(subject->eccentricity);
    base_free(subject->angle);
    base_free(subject->shown);
    berg_metadata_free(subject->metadata);
  }
  *data = (report_data){.count = 0};
}

bool report_knows(const report_data *data, size_t offset) {
  for (size_t i = 0; i < data->count; i++) {
    const double *values;
    memcpy(&values, (const char *)&data->subjects[i] + offset, sizeof values);
    if (values) return true;
  }
  return false;
}

const report_region *report_find_region(const report_subject *subject, const char *name) {
  for (size_t i = 0; i < subject->region_count; i++)
    if (!strcmp(subject->regions[i].name, name)) return &subject->regions[i];
  return NULL;
}

double report_mean(const double *values, const size_t *voxels, size_t count, size_t *missing) {
  double sum = 0;
  size_t none = 0;
  for (size_t i = 0; i < count; i++) {
    double value = values[voxels ? voxels[i] : i];
    if (isnan(value))
      none++;
    else
      sum += value;
  }
  if (missing) *missing = none;
  return count > none ? sum / (double)(count - none) : NAN;
}

static int compare(const void *a, const void *b) {
  double x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return (x > y) - (x < y);
}

size_t report_sort(const double *values, size_t count, double *sorted) {
  size_t kept = 0;
  for (size_t i = 0; i < count; i++)
    if (!isnan(values[i])) sorted[kept++] = values[i];
  qsort(sorted, kept, sizeof *sorted, compare);
  return kept;
}

double report_quantile(const double *sorted, size_t count, double share) {
  if (!count) return NAN;
  double place = share * (double)(count - 1);
  size_t below = (size_t)place;
  if (below + 1 >= count) return sorted[count - 1];
  return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}
