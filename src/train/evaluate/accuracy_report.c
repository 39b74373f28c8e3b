/* Accuracy as JSON. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/convert.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/value/json_build.h"
#include "train/evaluate/accuracy.h"
#include "train/evaluate/figures.h"

#define ROI_PREFIX "roi."

/* NaN, which cJSON writes as null, is left out of every mean and median. */
/* The ceiling in r, squared after its mean over voxels, as upstream draws it. */
static double region_ceiling(const double *ceilings, const train_chosen *of) {
  double sum = 0;
  size_t count = 0;
  for (size_t i = 0; i < of->count; i++) {
    double value = ceilings[of->list ? of->list[i] : i];
    if (isnan(value)) continue;
    sum += sqrt(value / 100);
    count++;
  }
  double root = count ? sum / (double)count : NAN;
  return root * root;
}

static void add_figures(const train_accuracy *accuracy, const train_chosen *of, cJSON *to) {
  const double *ceilings = accuracy->reliability.noise_ceiling_testset;
  const double r = train_mean(accuracy->r, of), positive = r < 0 ? 0 : r;
  io_json_add_number(to, "voxels", (double)of->count);
  io_json_add_number(to, "mean_r", r);
  io_json_add_number(to, "median_r", train_median(accuracy->r, of));
  io_json_add_number(to, "r2", positive * positive);
  io_json_add_number(to, "ceiling_r2", region_ceiling(ceilings, of));
  io_json_add_number(to, "mean_noise_ceiling_testset", train_mean(ceilings, of));
  io_json_add_number(to, "median_percent_noise_ceiling", train_median(accuracy->percent_noise_ceiling, of));
}

static bool is_region(const berg_array *entry) {
  return !strncmp(entry->name, ROI_PREFIX, strlen(ROI_PREFIX)) && entry->ndim == 1 && base_is_numeric(entry->dtype);
}

/* The voxels of a region, those outside the subject left out. */
static size_t list_voxels(const berg_array *roi, size_t all, size_t *list) {
  size_t count = 0;
  for (size_t i = 0; i < roi->shape[0]; i++) {
    double index = base_read_number(roi->dtype, (const char *)roi->data + (ptrdiff_t)i * roi->strides[0]);
    if (index >= 0 && index < (double)all) list[count++] = (size_t)index;
  }
  return count;
}

static void add_regions(const train_accuracy *accuracy, const berg_file *prepared, size_t *list, double *room,
                        cJSON *report) {
  cJSON *regions = io_json_add_list(report, "rois");
  for (size_t i = 0; i < berg_file_count(prepared); i++) {
    const berg_array *roi = berg_file_entry(prepared, i);
    if (!is_region(roi)) continue;
    cJSON *region = io_json_add_object(regions, NULL);
    io_json_add_text(region, "name", roi->name + strlen(ROI_PREFIX));
    add_figures(accuracy, &(train_chosen){list, list_voxels(roi, accuracy->voxels, list), room}, region);
  }
}

static void add_missing(const train_accuracy *accuracy, cJSON *report) {
  const train_missing *missing = &accuracy->missing;
  cJSON *to = io_json_add_object(report, "voxels_without_number");
  cJSON *r = io_json_add_object(to, "r"), *ceiling = io_json_add_object(to, "noise_ceiling"),
        *percent = io_json_add_object(to, "percent_noise_ceiling");
  io_json_add_number(r, "responses_without_variance", (double)missing->flat_responses);
  io_json_add_number(r, "predictions_without_variance", (double)missing->flat_predictions);
  io_json_add_number(r, "not_finite", (double)missing->not_finite);
  io_json_add_number(ceiling, "repeat_without_variance", (double)missing->flat_repeat);
  io_json_add_number(ceiling, "not_finite", (double)missing->repeat_not_finite);
  io_json_add_number(percent, "ceiling_is_zero", (double)missing->zero_ceiling);
}

/* The largest difference over the voxels that have both numbers; null where the dataset has none. */
static void add_differences(const train_accuracy *accuracy, const berg_file *prepared, cJSON *report) {
  cJSON *to = io_json_add_object(report, "difference_to_dataset");
  for (size_t k = 0; k < 4; k++) {
    const char *key = train_reliability_key(k);
    char name[64];
    base_print(name, sizeof name, "encoding_model.%s", key);
    const berg_array *given = berg_file_find(prepared, name);
    double largest = NAN;
    const double *own = train_reliability_values(accuracy, k);
    bool fits = given && given->ndim == 1 && given->shape[0] == accuracy->voxels && base_is_numeric(given->dtype);
    for (size_t v = 0; fits && v < accuracy->voxels; v++) {
      double theirs = base_read_number(given->dtype, (const char *)given->data + (ptrdiff_t)v * given->strides[0]);
      double apart = fabs(theirs - own[v]);
      if (!isnan(apart) && !(apart <= largest)) largest = apart;
    }
    io_json_add_number(to, key, largest);
  }
}

berg_status train_accuracy_report(const train_accuracy *accuracy, const berg_file *prepared, cJSON *report,
                                  berg_error *error) {
  size_t most = accuracy->voxels; /* a region may name a voxel twice */
  for (size_t i = 0; i < berg_file_count(prepared); i++) {
    const berg_array *entry = berg_file_entry(prepared, i);
    if (is_region(entry) && entry->shape[0] > most) most = entry->shape[0];
  }
  size_t *list = base_alloc(most, sizeof *list, error);
  double *room = list ? base_alloc(most, sizeof *room, error) : NULL;
  if (room) {
    add_figures(accuracy, &(train_chosen){NULL, accuracy->voxels, room}, report);
    add_missing(accuracy, report);
    add_differences(accuracy, prepared, report);
    add_regions(accuracy, prepared, list, room, report);
  }
  base_free(list);
  base_free(room);
  return room ? BERG_OK : BERG_ELIMIT;
}
