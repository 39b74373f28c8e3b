/* A subject whose responses have times: channels of EEG, sensors of MEG, electrodes of the ventral stream. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "model/catalog/metadata.h"
#include "report/kind.h"

#define MILLISECONDS 1000.0

static berg_status open_axes(report_subject *subject, berg_error *error) {
  const berg_output *output = berg_metadata_output(subject->metadata, 0);
  const berg_axis *units = &output->axes[0], *times = &output->axes[1];
  const double scale = !strcmp(times->unit, "ms") ? 1 : MILLISECONDS;
  subject->units = units->length;
  subject->labels = units->labels;
  subject->times = times->length;
  if (!base_multiply(subject->units, subject->times, &subject->voxels)) return base_fail_memory(error, SIZE_MAX);
  subject->milliseconds = base_alloc(subject->times, sizeof *subject->milliseconds, error);
  if (!subject->milliseconds) return BERG_ELIMIT;
  for (size_t t = 0; t < subject->times; t++) {
    subject->milliseconds[t] = round(times->values[t] * scale * 1e6) / 1e6;
    if (!isfinite(subject->milliseconds[t]) || (t && subject->milliseconds[t] <= subject->milliseconds[t - 1]))
      return base_fail_found(error, BERG_EMODEL, berg_metadata_path(subject->metadata),
                             model_metadata_layout(subject->metadata)->times, "ascending times", "%g at number %zu",
                             times->values[t], t);
  }
  return BERG_OK;
}

/* The first of the entries [names] up to NULL that is there. */
static berg_status load_first(const report_subject *subject, const char *const *names, bool correlations,
                              double **values, berg_error *error) {
  const size_t shape[] = {subject->units, subject->times};
  while (*names && !berg_metadata_find(subject->metadata, *names)) names++;
  *values = NULL;
  if (!*names) return BERG_OK;
  berg_status status = report_load(subject, *names, 2, shape, values, error);
  if (status || !correlations) return status;
  return report_check_correlations(subject, *values, subject->voxels, *names, error);
}

static berg_status add_region(report_subject *subject, const char *name, berg_error *error) {
  void *block = subject->regions;
  size_t capacity = subject->region_count;
  if (!base_grow(&block, &capacity, subject->region_count + 1, sizeof *subject->regions, error)) return BERG_ELIMIT;
  subject->regions = block;
  report_region *region = &subject->regions[subject->region_count++];
  *region = (report_region){.name = name, .voxels = base_alloc(subject->units, sizeof *region->voxels, error)};
  return region->voxels ? BERG_OK : BERG_ELIMIT;
}

static berg_status load_scores(report_subject *subject, berg_error *error) {
  static const char *const accuracies[] = {"encoding_model.all_training_splits.correlation_results",
                                           "encoding_model.correlation_results", NULL},
                           *const ceilings[] = {"encoding_model.noise_ceiling", NULL};
  berg_status status = load_first(subject, accuracies, true, &subject->accuracy, error);
  return status ? status : load_first(subject, ceilings, false, &subject->ceiling, error);
}

/* --- EEG: channels are grouped by the letters in their names, and may be in two groups --- */

static berg_status group_channels(report_subject *subject, berg_error *error) {
  static const char *const letters[] = {"O", "P", "T", "C", "F"};
  berg_status status = BERG_OK;
  for (size_t i = 0; i < sizeof letters / sizeof *letters && subject->labels && !status; i++) {
    if ((status = add_region(subject, letters[i], error))) break;
    report_region *group = &subject->regions[subject->region_count - 1];
    for (size_t u = 0; u < subject->units; u++)
      if (strstr(subject->labels[u], letters[i])) group->voxels[group->count++] = u;
  }
  return status;
}

/* The mean over repetitions of how well each alone is predicted. */
static berg_status load_single(report_subject *subject, berg_error *error) {
  static const char name[] = "encoding_models.correlation_single_repetitions";
  const berg_array *array = berg_metadata_find(subject->metadata, name);
  const size_t repeats = array && array->ndim == 3 && array->shape[0] ? array->shape[0] : 1;
  double *all;
  berg_status status =
      report_load(subject, name, 3, (const size_t[]){repeats, subject->units, subject->times}, &all, error);
  if (!all) return status;
  status = report_check_correlations(subject, all, repeats * subject->voxels, name, error);
  subject->single = status ? NULL : base_calloc(subject->voxels, sizeof *all, error);
  if (!status && !subject->single) status = BERG_ELIMIT;
  for (size_t i = 0; i < repeats * subject->voxels && !status; i++)
    subject->single[i % subject->voxels] += all[i] / (double)repeats;
  base_free(all);
  return status;
}

berg_status report_open_eeg(report_subject *subject, berg_error *error) {
  static const char *const accuracies[] = {"encoding_models.correlation_averaged_repetitions", NULL};
  berg_status status = open_axes(subject, error);
  if (!status) status = load_first(subject, accuracies, true, &subject->accuracy, error);
  if (!status) status = load_single(subject, error);
  return status ? status : group_channels(subject, error);
}

/* --- MEG: the metadata have the region of each sensor --- */

static berg_status group_sensors(report_subject *subject, berg_error *error) {
  static const char key[] = "sensors.sensor_regions";
  size_t count;
  berg_status status = model_metadata_texts(subject->metadata, key, &subject->names, &count, error);
  subject->name_count = count;
  if (!status && subject->names && count != subject->units)
    return base_fail_found(error, BERG_EMODEL, berg_metadata_path(subject->metadata), key, "a region for each sensor",
                           "%zu for %zu sensors", count, subject->units);
  for (size_t u = 0; u < count && !status; u++) {
    size_t i = 0;
    while (i < subject->region_count && strcmp(subject->regions[i].name, subject->names[u]) != 0) i++;
    if (i == subject->region_count) status = add_region(subject, subject->names[u], error);
    if (!status) subject->regions[i].voxels[subject->regions[i].count++] = u;
  }
  return status;
}

berg_status report_open_meg(report_subject *subject, berg_error *error) {
  berg_status status = open_axes(subject, error);
  if (!status) status = load_scores(subject, error);
  return status ? status : group_sensors(subject, error);
}

/* --- Electrodes: the metadata have the number of each one's area, and what the areas are called --- */

/* As the file has it: the electrode at place i is in the area at place i. */
static berg_status group_electrodes(report_subject *subject, berg_error *error) {
  const bool is_new = berg_metadata_find(subject->metadata, "roi.roi_assignments") != NULL;
  const char *areas = is_new ? "roi.roi_assignments" : "utah_array.roi_assignments",
             *labels = is_new ? "roi.roi_labels" : "utah_array.roi_labels";
  double *numbers;
  berg_status status = report_load(subject, areas, 1, &subject->units, &numbers, error);
  if (!numbers) return status;
  status = model_metadata_texts(subject->metadata, labels, &subject->names, &subject->name_count, error);
  for (size_t i = 0; i < subject->name_count && !status; i++) {
    if ((status = add_region(subject, subject->names[i], error))) break;
    report_region *area = &subject->regions[subject->region_count - 1];
    for (size_t u = 0; u < subject->units; u++)
      if (numbers[u] == (double)i) area->voxels[area->count++] = u;
  }
  base_free(numbers);
  return status;
}

berg_status report_open_electrodes(report_subject *subject, berg_error *error) {
  berg_status status = open_axes(subject, error);
  if (!status) status = load_scores(subject, error);
  return status ? status : group_electrodes(subject, error);
}
