/* What a report needs of one subject. */
#include "report/subject.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/convert.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/catalog/metadata.h"
#include "model/catalog/paths.h"
#include "model/catalog/registry.h"
#include "report/kind.h"

static berg_status refuse_shape(const report_subject *subject, const berg_array *array, size_t ndim,
                                const size_t *shape, berg_error *error) {
  char expected[96], found[128];
  int length = base_print(expected, sizeof expected, "numbers (");
  for (size_t d = 0; d < ndim; d++)
    length += base_print(expected + length, sizeof expected - (size_t)length,
                         ndim == 1 ? "%zu,"
                         : d       ? ", %zu"
                                   : "%zu",
                         shape[d]);
  base_print(expected + length, sizeof expected - (size_t)length, ")");
  base_array_describe(array, found, sizeof found);
  return base_fail_at(error, &(base_fault){BERG_EMODEL, berg_metadata_path(subject->metadata), BERG_NO_OFFSET,
                                           array->name, "does not fit", expected, found});
}

berg_status report_load(const report_subject *subject, const char *name, size_t ndim, const size_t *shape,
                        double **values, berg_error *error) {
  const berg_array *array = berg_metadata_find(subject->metadata, name);
  size_t count = 1;
  *values = NULL;
  if (!array) return BERG_OK;
  bool fits = array->ndim == ndim && base_is_numeric(array->dtype);
  for (size_t d = 0; d < ndim; d++) {
    fits = fits && array->shape[d] == shape[d];
    count *= shape[d];
  }
  if (!fits) return refuse_shape(subject, array, ndim, shape, error);
  *values = base_alloc(count, sizeof **values, error);
  if (!*values) return BERG_ELIMIT;
  base_convert_to_double(array, *values);
  for (size_t i = 0; i < count; i++)
    if (!isfinite((*values)[i])) (*values)[i] = NAN;
  return BERG_OK;
}

berg_status report_check_correlations(const report_subject *subject, const double *values, size_t count,
                                      const char *name, berg_error *error) {
  for (size_t i = 0; i < count && values; i++)
    if (fabs(values[i]) > 1 + 1e-6)
      return base_fail_found(error, BERG_EMODEL, berg_metadata_path(subject->metadata), name,
                             "correlations from -1 to 1", "%g at number %zu", values[i], i);
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

static berg_status open_subject(report_subject *subject, const report_kind *kind, const char *berg_dir,
                                berg_error *error) {
  berg_status status = berg_metadata_open(&subject->metadata, kind->model_id, berg_dir, subject->name, error);
  if (!status) status = number_subject(subject, kind->model_id, error);
  if (status) return status;
  subject->shown = model_subject_name(model_layout_of(kind->model_id), subject->name, error);
  if (!subject->shown) return BERG_ELIMIT;
  status = kind->open(subject, error);
  if (!status) status = sort_values(&subject->sorted_accuracy, subject->accuracy, subject->voxels, error);
  if (!status) status = sort_values(&subject->sorted_ceiling, subject->ceiling, subject->voxels, error);
  return status;
}

berg_status report_data_open(report_data *data, const char *model_id, const char *berg_dir, const char *const *subjects,
                             size_t count, berg_error *error) {
  *data = (report_data){.count = 0};
  berg_status status = report_find_kind(&data->kind, model_id, error);
  if (status) return status;
  if (!subjects) {
    subjects = &data->kind->first_subject;
    count = 1;
  }
  if (!count) return base_fail(error, BERG_EARGUMENT, "a report needs a subject");
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < i; j++)
      if (!strcmp(subjects[i], subjects[j]))
        return base_fail(error, BERG_EPARAMETER, "subject %s is named twice", subjects[i]);
  for (size_t i = 0; i < count && !status; i++) {
    if (i == REPORT_MOST_SUBJECTS) { /* different subjects that are known are at most so many */
      status = model_check_subject(model_id, subjects[i], error);
      break;
    }
    data->subjects[i].name = subjects[i];
    data->count = i + 1;
    status = open_subject(&data->subjects[i], data->kind, berg_dir, error);
  }
  if (status) report_data_close(data);
  return status;
}

static void release_subject(report_subject *subject) {
  double *lists[] = {subject->accuracy,
                     subject->ceiling,
                     subject->share,
                     subject->sorted_accuracy.values,
                     subject->sorted_ceiling.values,
                     subject->eccentricity,
                     subject->angle,
                     subject->coordinates[0],
                     subject->coordinates[1],
                     subject->coordinates[2],
                     subject->synthetic.accuracy,
                     subject->synthetic.ceiling,
                     subject->synthetic.share,
                     subject->milliseconds,
                     subject->single};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) base_free(lists[i]);
  for (size_t i = 0; i < subject->region_count && subject->regions; i++) base_free(subject->regions[i].voxels);
  base_free(subject->regions);
  base_free_texts(subject->names, subject->name_count);
  base_free(subject->shown);
  berg_metadata_free(subject->metadata);
}

void report_data_close(report_data *data) {
  for (size_t i = 0; i < data->count; i++) release_subject(&data->subjects[i]);
  *data = (report_data){.count = 0};
}

const double *report_values(const report_subject *subject, size_t offset) {
  const double *values;
  memcpy(&values, (const char *)subject + offset, sizeof values);
  return values;
}

bool report_knows(const report_data *data, size_t offset) {
  for (size_t i = 0; i < data->count; i++)
    if (report_values(&data->subjects[i], offset)) return true;
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
