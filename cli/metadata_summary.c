/* A page about one subject: counts, then a table of regions. */
#include "memory.h"
#include "metadata.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "outline.h"
#include "value.h"

#define LABEL 16

static size_t units_of(const berg_metadata *metadata) { return berg_metadata_output(metadata, 0)->axes[0].length; }

static const berg_array *find_per_voxel(const berg_metadata *metadata, const char *name) {
  const berg_array *array = berg_metadata_find(metadata, name);
  bool fits = array && array->ndim == 1 && array->shape[0] == units_of(metadata) && !cli_is_text(array);
  return fits ? array : NULL;
}

static bool is_roi(const berg_array *entry) {
  return entry->name && !strncmp(entry->name, "roi.", 4) && entry->ndim == 1 && cli_is_whole(entry);
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Minimum, median, maximum and number of the values that are not NaN. */
static size_t quartiles(const berg_array *array, double summary[3]) {
  size_t all = array->shape[0], count = 0;
  double *values = cli_alloc(all, sizeof *values);
  if (!values) return 0;
  for (size_t i = 0; i < all; i++) {
    double value = cli_element_number(array, i);
    if (!isnan(value)) values[count++] = value;
  }
  if (count) {
    qsort(values, count, sizeof *values, by_value);
    summary[0] = values[0];
    summary[1] = (values[(count - 1) / 2] + values[count / 2]) / 2;
    summary[2] = values[count - 1];
  }
  free(values);
  return count;
}

static void print_spread(const berg_metadata *metadata, const char *key, const char *label, const char *unit) {
  double summary[3];
  const berg_array *array = find_per_voxel(metadata, key);
  if (array && quartiles(array, summary))
    printf("%-*s median %.3g%s, from %.3g to %.3g (%s)\n", LABEL, label, summary[1], unit, summary[0], summary[2], key);
}

static void print_box(const berg_metadata *metadata) {
  const berg_array *coords = berg_metadata_find(metadata, "fmri.voxel_coords");
  if (!coords || coords->ndim != 2 || coords->shape[1] != 3 || !coords->shape[0] || cli_is_text(coords)) return;
  double low[3] = {0}, high[3] = {0};
  for (size_t i = 0; i < 3 * coords->shape[0]; i++) {
    double value = cli_element_number(coords, i);
    if (i < 3 || value < low[i % 3]) low[i % 3] = value;
    if (i < 3 || value > high[i % 3]) high[i % 3] = value;
  }
  printf("%-*s x %.0f to %.0f, y %.0f to %.0f, z %.0f to %.0f\n", LABEL, "coordinates", low[0], high[0], low[1],
         high[1], low[2], high[2]);
}

static void print_stimuli(const berg_metadata *metadata) {
  static const char *const keys[] = {"encoding_model.train_stimuli", "encoding_model.test_stimuli"};
  static const char *const labels[] = {"training trials", "test trials"};
  char number[32];
  for (int i = 0; i < 2; i++) {
    const berg_array *array = berg_metadata_find(metadata, keys[i]);
    if (array && array->ndim == 1) printf("%-*s %s\n", LABEL, labels[i], cli_grouped(array->shape[0], number));
  }
}

/* The mean over a region's voxels, NaN left out; "-" where there is none. */
static void print_roi_mean(const berg_array *roi, const berg_array *values, int width) {
  double sum = 0;
  size_t count = 0;
  for (size_t i = 0; i < roi->shape[0]; i++) {
    double voxel = cli_element_number(roi, i);
    if (!(voxel >= 0 && voxel < (double)values->shape[0])) continue;
    double value = cli_element_number(values, (size_t)voxel);
    if (isnan(value)) continue;
    sum += value;
    count++;
  }
  if (count)
    printf("  %*.3f", width, sum / (double)count);
  else
    printf("  %*s", width, "-");
}

static void print_rois(const berg_metadata *metadata) {
  const berg_array *ceiling = find_per_voxel(metadata, "encoding_model.noise_ceiling_testset");
  const berg_array *accuracy = find_per_voxel(metadata, "encoding_model.correlation_results");
  char number[32];
  int name_width = 6;
  size_t rois = 0;
  for (size_t i = 0; i < berg_metadata_count(metadata); i++) {
    const berg_array *entry = berg_metadata_entry(metadata, i);
    if (!is_roi(entry)) continue;
    if ((int)strlen(entry->name) - 4 > name_width) name_width = (int)strlen(entry->name) - 4;
    rois++;
  }
  printf("%-*s %zu\n", LABEL, "regions", rois);
  if (!rois) return;
  printf("\n%-*s  %7s", name_width, "region", "voxels");
  if (ceiling) printf("  %9s", "ceiling %");
  if (accuracy) printf("  %10s", "accuracy r");
  putchar('\n');
  for (size_t i = 0; i < berg_metadata_count(metadata); i++) {
    const berg_array *entry = berg_metadata_entry(metadata, i);
    if (!is_roi(entry)) continue;
    cli_print_safe(stdout, entry->name + 4);
    printf("%*s  %7s", name_width - (int)strlen(entry->name + 4), "", cli_grouped(entry->shape[0], number));
    if (ceiling) print_roi_mean(entry, ceiling, 9);
    if (accuracy) print_roi_mean(entry, accuracy, 10);
    putchar('\n');
  }
  if (ceiling || accuracy) puts("\nceiling and accuracy: means over the region's voxels, test set");
}

void cli_metadata_summary(const berg_metadata *metadata, const char *model_id, const char *subject) {
  char number[32];
  printf("%-*s %s\n", LABEL, "model", model_id);
  printf("%-*s %s\n", LABEL, "subject", subject);
  printf("%-*s ", LABEL, "file");
  cli_print_safe(stdout, berg_metadata_path(metadata));
  printf("\n%-*s %s\n", LABEL, "voxels", cli_grouped(units_of(metadata), number));
  print_box(metadata);
  print_stimuli(metadata);
  print_spread(metadata, "encoding_model.noise_ceiling_testset", "noise ceiling", " %");
  print_spread(metadata, "encoding_model.correlation_results", "accuracy r", "");
  print_rois(metadata);
}

#define SMALL_JSON 1000

/* "a.b.c": the object that c belongs in, made on the way. */
static cJSON *parent_of(cJSON *root, const char *name, const char **last) {
  const char *dot;
  while ((dot = strchr(name, '.'))) {
    char part[256];
    size_t length = (size_t)(dot - name);
    if (length >= sizeof part) break;
    memcpy(part, name, length);
    part[length] = '\0';
    cJSON *child = cJSON_GetObjectItemCaseSensitive(root, part);
    if (child && !cJSON_IsObject(child)) break;
    root = child ? child : cJSON_AddObjectToObject(root, part);
    name = dot + 1;
  }
  *last = name;
  return root;
}

int cli_metadata_json(const berg_metadata *metadata) {
  cJSON *root = cJSON_CreateObject();
  for (size_t i = 0; i < berg_metadata_count(metadata); i++) {
    const berg_array *entry = berg_metadata_entry(metadata, i);
    const char *last;
    cJSON *parent = parent_of(root, entry->name ? entry->name : "", &last);
    cJSON_AddItemToObject(parent, last, cli_array_json(entry, SMALL_JSON));
  }
  int status = cli_print_json(root);
  cJSON_Delete(root);
  return status;
}
