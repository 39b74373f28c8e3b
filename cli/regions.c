/* A table of values by region. */
#include "regions.h"

#include <string.h>

static double number(const cJSON *object, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static const char *text(const cJSON *object, const char *key) {
  const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
  return value ? value : "";
}

static void print_number(FILE *stream, const cJSON *object, const char *key, int width, int digits) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  if (cJSON_IsNumber(item))
    fprintf(stream, "  %*.*f", width, digits, item->valuedouble);
  else
    fprintf(stream, "  %*s", width, "-");
}

static void print_row(FILE *stream, const cJSON *figures, const char *name, int name_width) {
  char voxels[32];
  cli_print_safe(stream, name);
  fprintf(stream, "%*s  %9s", name_width - (int)strlen(name), "",
          cli_grouped((size_t)number(figures, "voxels"), voxels));
  print_number(stream, figures, "mean_r", 7, 3);
  print_number(stream, figures, "r2", 7, 3);
  print_number(stream, figures, "ceiling_r2", 10, 3);
  print_number(stream, figures, "median_percent_noise_ceiling", 12, 1);
  fputc('\n', stream);
}

static void print_missing(FILE *stream, const cJSON *report) {
  static const struct {
    const char *group, *key, *what;
  } reasons[] = {
      {"r", "responses_without_variance", "no r: their responses do not vary"},
      {"r", "predictions_without_variance", "no r: their predictions do not vary"},
      {"r", "not_finite", "no r: a response or prediction is not finite"},
      {"noise_ceiling", "repeat_without_variance", "no noise ceiling: a repeat does not vary"},
      {"noise_ceiling", "not_finite", "no noise ceiling: a trial is not finite"},
      {"percent_noise_ceiling", "ceiling_is_zero", "no noise-normalised accuracy: their ceiling is 0"},
  };
  const cJSON *all = cJSON_GetObjectItemCaseSensitive(report, "voxels_without_number");
  for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
    char count[32];
    double voxels = number(cJSON_GetObjectItemCaseSensitive(all, reasons[i].group), reasons[i].key);
    if (voxels > 0)
      fprintf(stream, "%s voxel%s: %s\n", cli_grouped((size_t)voxels, count), voxels == 1 ? "" : "s", reasons[i].what);
  }
}

void cli_print_regions(FILE *stream, const cJSON *report) {
  static const char whole[] = "all voxels";
  int name_width = (int)sizeof whole - 1;
  const cJSON *region, *regions = cJSON_GetObjectItemCaseSensitive(report, "rois");
  cJSON_ArrayForEach(region, regions) {
    if ((int)strlen(text(region, "name")) > name_width) name_width = (int)strlen(text(region, "name"));
  }
  fprintf(stream, "sub-%02.0f: %.0f test images, %.0f repeats\n\n", number(report, "subject"), number(report, "images"),
          number(report, "repeats"));
  fprintf(stream, "%-*s  %9s  %7s  %7s  %10s  %12s\n", name_width, "region", "voxels", "r", "r2", "ceiling r2",
          "% of ceiling");
  cJSON_ArrayForEach(region, regions) {
    if (number(region, "voxels") > 0) print_row(stream, region, text(region, "name"), name_width);
  }
  print_row(stream, report, whole, name_width);
  fputs("\nr: mean over voxels; r2: its square; % of ceiling: median over voxels\n", stream);
  print_missing(stream, report);
  if (*text(report, "note")) fprintf(stream, "%s\n", text(report, "note"));
  cli_say("predictions in %s", text(report, "predictions"));
  cli_say("metadata in %s", text(report, "metadata"));
}
