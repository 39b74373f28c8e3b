/* The comparison as a table for people. */
#include "compare_table.h"

#include <math.h>
#include <string.h>

#include "cli.h"

#define LABEL 19

static const cJSON *get(const cJSON *object, const char *key) { return cJSON_GetObjectItemCaseSensitive(object, key); }

static double number(const cJSON *object, const char *key) {
  const cJSON *item = get(object, key);
  return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static const char *text(const cJSON *object, const char *key) {
  const cJSON *item = get(object, key);
  return cJSON_IsString(item) ? item->valuestring : "";
}

static const char *grouped(const cJSON *object, const char *key, char buffer[32]) {
  double value = number(object, key);
  return value >= 0 ? cli_grouped((size_t)value, buffer) : "-";
}

/* "-" where there is no figure. */
static const char *figure(const cJSON *object, const char *key, char buffer[32]) {
  double value = number(object, key);
  snprintf(buffer, 32, isnan(value) ? "-" : "%.6g", value);
  return buffer;
}

/* Correlations near 1 differ in their last digits. */
static const char *closely(const cJSON *object, const char *key, char buffer[32]) {
  double value = number(object, key);
  snprintf(buffer, 32, isnan(value) ? "-" : "%.9g", value);
  return buffer;
}

static void print_label(const char *label) { printf("%-*s ", LABEL, label); }

static void print_list(const cJSON *list) {
  const cJSON *item;
  putchar('(');
  cJSON_ArrayForEach(item, list) printf(item->next ? "%.0f, " : "%.0f", item->valuedouble);
  putchar(')');
}

/* Whether the path ends in ":dataset" already. */
static bool is_named(const cJSON *side) {
  size_t path = strlen(text(side, "path")), dataset = strlen(text(side, "dataset"));
  if (path <= dataset) return false;
  const char *tail = text(side, "path") + path - dataset;
  return tail[-1] == ':' && !strcmp(tail, text(side, "dataset"));
}

static void print_side(const cJSON *report, const char *key, const char *label) {
  const cJSON *side = get(report, key);
  char buffer[32];
  print_label(label);
  cli_print_safe(stdout, text(side, "path"));
  if (*text(side, "dataset") && !is_named(side)) {
    fputs(" /", stdout);
    cli_print_safe(stdout, text(side, "dataset"));
  }
  printf(", %s, ", text(side, "format"));
  if (get(side, "shape")) {
    printf("%s ", text(side, "dtype"));
    print_list(get(side, "shape"));
    putchar('\n');
  } else {
    printf("%s entries\n", grouped(side, "entries", buffer));
  }
}

/* "image 17 (cat.jpg), voxel 5123 (column 44)", as far as it is known. */
static void print_place(const cJSON *place) {
  const cJSON *row = get(place, "row"), *column = get(place, "column"), *voxel = get(place, "voxel");
  if (row) printf(", row %.0f", row->valuedouble);
  if (*text(place, "image")) {
    fputs(" (", stdout);
    cli_print_safe(stdout, text(place, "image"));
    putchar(')');
  }
  if (voxel) printf(", voxel %.0f", voxel->valuedouble);
  if (column) printf(", column %.0f", column->valuedouble);
  if (get(place, "xyz")) {
    fputs(" at x, y, z ", stdout);
    print_list(get(place, "xyz"));
  }
  if (get(place, "index")) {
    fputs(", index ", stdout);
    print_list(get(place, "index"));
  }
}

static void print_not_finite(const cJSON *report) {
  const cJSON *counts = get(report, "not_finite");
  char buffer[4][32];
  if (!(number(counts, "nan_only_in_a") + number(counts, "nan_only_in_b") + number(counts, "nan_in_both") +
        number(counts, "infinite_unequal")))
    return;
  print_label("not finite");
  printf("NaN only in A %s, only in B %s, in both %s; infinite unequal %s\n",
         grouped(counts, "nan_only_in_a", buffer[0]), grouped(counts, "nan_only_in_b", buffer[1]),
         grouped(counts, "nan_in_both", buffer[2]), grouped(counts, "infinite_unequal", buffer[3]));
  if (!get(counts, "first")) return;
  print_label("");
  fputs("the first not in both", stdout);
  print_place(get(counts, "first"));
  putchar('\n');
}

static void print_differences(const cJSON *report) {
  const cJSON *largest = get(report, "largest_difference"), *relative = get(report, "relative_rms");
  char buffer[3][32];
  print_label("largest difference");
  fputs(figure(largest, "absolute", buffer[0]), stdout);
  if (get(largest, "a")) {
    printf(" (A %s, B %s)", figure(largest, "a", buffer[1]), figure(largest, "b", buffer[2]));
    print_place(largest);
  }
  putchar('\n');
  print_label("mean difference");
  printf("%s absolute, %s rms\n", figure(report, "mean_absolute_difference", buffer[0]),
         figure(report, "rms_difference", buffer[1]));
  if (!(number(relative, "defined") > 0)) return;
  print_label("rms by spread of A");
  printf("median %s, mean %s, worst %s", figure(relative, "median", buffer[0]), figure(relative, "mean", buffer[1]),
         figure(relative, "most", buffer[2]));
  print_place(get(relative, "worst"));
  putchar('\n');
}

static void print_correlations(const cJSON *report) {
  const cJSON *columns = get(report, "column_correlation"), *rows = get(report, "row_correlation");
  const cJSON *worst = get(report, "worst_row");
  char buffer[3][32], count[32];
  if (number(columns, "defined") > 0) {
    print_label("correlation");
    printf("of %s columns over rows: mean %s, median %s,\n", grouped(columns, "defined", count),
           closely(columns, "mean", buffer[0]), closely(columns, "median", buffer[1]));
    print_label("");
    printf("worst %s", closely(columns, "least", buffer[2]));
    print_place(get(columns, "worst"));
    putchar('\n');
  }
  if (number(rows, "defined") > 0) {
    print_label(number(columns, "defined") > 0 ? "" : "correlation");
    printf("of %s rows over columns: mean %s, worst %s", grouped(rows, "defined", count),
           closely(rows, "mean", buffer[0]), closely(rows, "least", buffer[1]));
    print_place(get(rows, "worst"));
    putchar('\n');
  }
  if (!(number(worst, "rms_difference") > 0)) return;
  print_label("worst row");
  printf("rms %s", figure(worst, "rms_difference", buffer[0]));
  print_place(worst);
  putchar('\n');
}

static void print_figures(const cJSON *report) {
  char buffer[4][32];
  print_label("compared");
  printf("%s rows x %s columns, %s values", grouped(report, "rows", buffer[0]), grouped(report, "columns", buffer[1]),
         grouped(report, "values", buffer[2]));
  if (get(report, "outside")) printf("; %s voxels outside", grouped(report, "outside", buffer[3]));
  putchar('\n');
  print_label("equal");
  printf("%s; beyond the tolerance %s\n", grouped(report, "equal", buffer[0]),
         grouped(report, "beyond_tolerance", buffer[1]));
  print_not_finite(report);
  if (number(report, "equal") == number(report, "values")) return;
  print_differences(report);
  print_correlations(report);
  if (!(number(report, "other_image_names") > 0)) return;
  print_label("image names");
  printf("%s differ\n", grouped(report, "other_image_names", buffer[0]));
}

static void print_rois(const cJSON *rois) {
  const cJSON *roi;
  char buffer[5][32];
  int width = 6;
  cJSON_ArrayForEach(roi, rois) if ((int)strlen(text(roi, "roi")) > width) width = (int)strlen(text(roi, "roi"));
  printf("\n%-*s  %7s  %11s  %11s  %12s  %12s\n", width, "region", "voxels", "mean r", "worst r", "rms", "by spread");
  cJSON_ArrayForEach(roi, rois) {
    cli_print_safe(stdout, text(roi, "roi"));
    printf("%*s  %7s  %11s  %11s  %12s  %12s\n", width - (int)strlen(text(roi, "roi")), "",
           grouped(roi, "columns", buffer[0]), closely(roi, "correlation_mean", buffer[1]),
           closely(roi, "correlation_least", buffer[2]), figure(roi, "rms_difference", buffer[3]),
           figure(roi, "relative_rms_median", buffer[4]));
  }
}

/* Types are reported, not judged. */
static void print_types(const cJSON *entry) {
  const char *a = text(get(entry, "a"), "dtype"), *b = text(get(entry, "b"), "dtype");
  if (*a && *b && strcmp(a, b)) printf(" (%s, %s)", a, b);
}

static void print_entries(const cJSON *entries) {
  const cJSON *entry;
  char buffer[3][32];
  int width = 5;
  cJSON_ArrayForEach(entry, entries) if ((int)strlen(text(entry, "name")) > width) width =
      (int)strlen(text(entry, "name"));
  printf("\n%-*s  %12s  %12s  %11s  verdict\n", width, "entry", "largest", "rms", "correlation");
  cJSON_ArrayForEach(entry, entries) {
    const char *name = *text(entry, "name") ? text(entry, "name") : "(array)";
    cli_print_safe(stdout, name);
    printf("%*s  %12s  %12s  %11s  %s", width - (int)strlen(name) > 0 ? width - (int)strlen(name) : 0, "",
           figure(get(entry, "largest_difference"), "absolute", buffer[0]), figure(entry, "rms_difference", buffer[1]),
           closely(entry, "correlation", buffer[2]), text(entry, "verdict"));
    print_types(entry);
    if (*text(entry, "reason")) {
      fputs(": ", stdout);
      cli_print_safe(stdout, text(entry, "reason"));
    }
    putchar('\n');
  }
}

void cli_compare_table(const cJSON *report) {
  const cJSON *reason;
  print_side(report, "a", "A");
  print_side(report, "b", "B");
  if (get(report, "values")) print_figures(report);
  if (get(report, "rois")) print_rois(get(report, "rois"));
  if (get(report, "entries")) print_entries(get(report, "entries"));
  putchar('\n');
  print_label("verdict");
  puts(text(report, "verdict"));
  cJSON_ArrayForEach(reason, get(report, "reasons")) {
    print_label("");
    cli_print_safe(stdout, reason->valuestring);
    putchar('\n');
  }
}
