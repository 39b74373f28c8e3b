/* A page about one subject: counts, then a table of regions. */
#include "metadata.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "entries.h"
#include "memory.h"
#include "metadata_keys.h"
#include "metadata_regions.h"
#include "options.h"
#include "value.h"

#define LABEL 16
/* Names are shown all up to so many, else the first few and the last. */
#define MOST_NAMES 64
#define FEW_NAMES 3

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

/* --- What there is, and how much --- */

static void print_units(const berg_metadata *metadata) {
  char number[32];
  printf("%-*s ", LABEL, cli_units_name(metadata));
  for (size_t o = 0; o < berg_metadata_outputs(metadata); o++) {
    const char *name = berg_metadata_output(metadata, o)->name;
    printf("%s%s%s%s", o ? ", " : "", cli_grouped(cli_units_of(metadata, o), number), *name ? " " : "", name);
  }
  putchar('\n');
}

static void print_names(const berg_axis *units) {
  size_t room = 8, at = 0;
  for (size_t i = 0; i < units->length; i++) room += strlen(units->labels[i]) + 2;
  char *text = cli_alloc(room, 1);
  if (!text) return;
  text[0] = '\0';
  for (size_t i = 0; i < units->length; i++) {
    const bool left_out = units->length > MOST_NAMES && i == FEW_NAMES;
    if (left_out) i = units->length - 1;
    at += (size_t)snprintf(text + at, room - at, "%s%s%s", i ? ", " : "", left_out ? "..., " : "", units->labels[i]);
  }
  printf("%-*s ", LABEL, "names");
  cli_print_wrapped(stdout, text, LABEL + 1, LABEL + 1);
  free(text);
}

/* The time between one and the next; 0 where it varies. */
static double step_of(const berg_axis *times) {
  const double step = (times->values[times->length - 1] - times->values[0]) / (double)(times->length - 1);
  for (size_t i = 0; i + 1 < times->length; i++)
    if (fabs(times->values[i + 1] - times->values[i] - step) > 1e-6 * fabs(step)) return 0;
  return step;
}

static void print_times(const berg_axis *times) {
  char number[32];
  const double step = times->length > 1 ? step_of(times) : 0;
  printf("%-*s %s, from %.6g to %.6g %s", LABEL, "times", cli_grouped(times->length, number), times->values[0],
         times->values[times->length - 1], times->unit);
  if (step != 0) printf(" in steps of %.6g %s", step, times->unit);
  putchar('\n');
}

static void print_stimuli(const berg_metadata *metadata) {
  static const struct {
    const char *key, *label;
  } counted[] = {{"encoding_model.train_stimuli", "training trials"},
                 {"encoding_model.all_training_splits.train_stimuli", "training trials"},
                 {"encoding_model.single_training_split_1.train_stimuli", "in a quarter"},
                 {"encoding_model.train_split1_stimuli", "in a quarter"},
                 {"encoding_models.train_img_num", "training images"},
                 {"encoding_models.train_img_info.train_img_files", "training images"},
                 {"encoding_models.val_img_num", "images set aside"},
                 {"encoding_model.test_stimuli", "test trials"},
                 {"encoding_models.test_img_num", "test images"},
                 {"encoding_models.test_img_info.test_img_files", "test images"}};
  const cli_entries entries = cli_entries_of_metadata(metadata);
  char number[32];
  cli_entry entry;
  for (size_t i = 0; i < sizeof counted / sizeof *counted; i++) {
    if (cli_entry_find(&entries, counted[i].key, &entry) && entry.array.ndim == 1)
      printf("%-*s %s\n", LABEL, counted[i].label, cli_grouped(entry.array.shape[0], number));
    cli_entry_free(&entry);
  }
}

/* --- Ceilings and accuracies --- */

static void print_key(const cli_quantity *quantity, const char *output) {
  for (const char *key = quantity->key; *key; key++) fputs(*key == '%' ? output : (char[]){*key, '\0'}, stdout);
}

static void print_spread(const berg_metadata *metadata, const cli_quantity *quantity, size_t o) {
  double summary[3];
  char label[32];
  size_t peak = 0;
  const berg_output *output = berg_metadata_output(metadata, o);
  const berg_array *array = cli_quantity_of(metadata, quantity, o);
  if (!array) return;
  snprintf(label, sizeof label, "%s%s%s", quantity->label, *output->name ? " " : "", output->name);
  if (cli_times_of(metadata)) {
    const double mean =
        cli_mean_or_peak(metadata, (const berg_array *const[CLI_OUTPUTS]){array}, (size_t *const[CLI_OUTPUTS]){NULL},
                         (size_t[CLI_OUTPUTS]){array->shape[0]}, &peak);
    if (isnan(mean)) return;
    printf("%-*s mean of %s at most %.3g%s, at %.6g %s (", LABEL, label, cli_units_name(metadata), mean, quantity->unit,
           output->axes[1].values[peak], output->axes[1].unit);
  } else {
    if (!quartiles(array, summary)) return;
    printf("%-*s median %.3g%s, from %.3g to %.3g (", LABEL, label, summary[1], quantity->unit, summary[0], summary[2]);
  }
  print_key(quantity, output->name);
  puts(")");
}

/* --- Regions --- */

static void print_number(double value, int width) {
  if (isnan(value))
    printf("  %*s", width, "-");
  else
    printf("  %*.3f", width, value);
}

static void print_mean(const berg_metadata *metadata, const cli_quantity *quantity, const cli_region *region,
                       int width) {
  const berg_array *arrays[CLI_OUTPUTS] = {NULL};
  size_t peak;
  for (size_t o = 0; o < berg_metadata_outputs(metadata); o++) arrays[o] = cli_quantity_of(metadata, quantity, o);
  print_number(cli_mean_or_peak(metadata, arrays, region->units, region->counts, &peak), width);
}

/* Of the column of how many units a region has: room for 211,339. */
static int counts_width(const berg_metadata *metadata) {
  const int name = (int)strlen(cli_units_name(metadata));
  return berg_metadata_outputs(metadata) == 1 && name > 7 ? name : 7;
}

static void print_heading(const berg_metadata *metadata, int name_width, const cli_quantity *ceiling,
                          const cli_quantity *accuracy) {
  const size_t outputs = berg_metadata_outputs(metadata);
  printf("\n%-*s", name_width, "region");
  for (size_t o = 0; o < outputs; o++)
    printf("  %*s", counts_width(metadata),
           outputs > 1 ? berg_metadata_output(metadata, o)->name : cli_units_name(metadata));
  if (ceiling) printf("  %9s", *ceiling->unit ? "ceiling %" : "ceiling");
  if (accuracy) printf("  %10s", "accuracy r");
  putchar('\n');
}

static void print_footnote(const berg_metadata *metadata, const cli_regions *regions, const cli_quantity *ceiling,
                           const cli_quantity *accuracy) {
  const bool hemispheres = berg_metadata_outputs(metadata) > 1;
  if (regions->other_order)
    puts("\nelectrodes are counted in the order of the arrays (roi_assignments); ceilings, accuracy and responses\n"
         "are in the order of the recording, so that areas have none here (docs/models.md)");
  else if ((ceiling || accuracy) && cli_times_of(metadata))
    printf("\nceiling and accuracy: the greatest mean over the region's %s at any time, test set\n",
           cli_units_name(metadata));
  else if (ceiling || accuracy)
    printf("\nceiling%s and accuracy: means over the region's %s%s, test set\n",
           ceiling && !*ceiling->unit ? " (a fraction)" : "", cli_units_name(metadata),
           hemispheres ? " of both hemispheres" : "");
}

static void print_regions(const berg_metadata *metadata, const cli_regions *regions) {
  const cli_quantity *ceiling = cli_quantity_find(metadata, CLI_CEILING);
  const cli_quantity *accuracy = cli_quantity_find(metadata, CLI_ACCURACY);
  char number[32];
  int name_width = 6;
  printf("%-*s %zu\n", LABEL, "regions", regions->count);
  if (!regions->count) return;
  if (regions->other_order) ceiling = accuracy = NULL;
  for (size_t i = 0; i < regions->count; i++)
    if ((int)strlen(regions->list[i].name) > name_width) name_width = (int)strlen(regions->list[i].name);
  print_heading(metadata, name_width, ceiling, accuracy);
  for (size_t i = 0; i < regions->count; i++) {
    const cli_region *region = &regions->list[i];
    cli_print_safe(stdout, region->name);
    printf("%*s", name_width - (int)strlen(region->name), "");
    for (size_t o = 0; o < berg_metadata_outputs(metadata); o++)
      printf("  %*s", counts_width(metadata), cli_grouped(region->counts[o], number));
    if (ceiling) print_mean(metadata, ceiling, region, 9);
    if (accuracy) print_mean(metadata, accuracy, region, 10);
    putchar('\n');
  }
  print_footnote(metadata, regions, ceiling, accuracy);
}

/* "sub-01" of ".../metadata_sub-01.npy": the subject as its files have it. */
static void print_subject(const char *path) {
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  const char *dash = strchr(name, '_'), *begin = dash ? dash + 1 : name, *end = strrchr(begin, '.');
  printf("%-*s %.*s\n", LABEL, "subject", (int)(end ? end - begin : (ptrdiff_t)strlen(begin)), begin);
}

int cli_metadata_summary(const berg_metadata *metadata, const char *model_id) {
  const berg_output *first = berg_metadata_output(metadata, 0);
  cli_regions regions;
  if (!cli_regions_take(&regions, metadata)) {
    cli_regions_free(&regions);
    return cli_fail_memory();
  }
  printf("%-*s %s\n", LABEL, "model", model_id);
  print_subject(berg_metadata_path(metadata));
  printf("%-*s ", LABEL, "file");
  cli_print_safe(stdout, berg_metadata_path(metadata));
  putchar('\n');
  print_units(metadata);
  if (first->axes[0].labels) print_names(&first->axes[0]);
  if (cli_times_of(metadata)) print_times(&first->axes[1]);
  print_box(metadata);
  print_stimuli(metadata);
  for (const cli_quantity *quantity = cli_quantities; quantity->key; quantity++)
    for (size_t o = 0; o < berg_metadata_outputs(metadata); o++) print_spread(metadata, quantity, o);
  print_regions(metadata, &regions);
  cli_regions_free(&regions);
  return 0;
}
