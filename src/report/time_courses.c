/* Accuracy over time, a panel for each region, a line for each subject: the means over the region's channels,
 * sensors or electrodes. Of several subjects there is their mean too. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "report/figure.h"
#include "report/kind.h"
#include "report/regions.h"

#define HEIGHT 246.0
#define LEFT 46.0
#define RIGHT (REPORT_PANEL_WIDTH - 10)
#define TOP 30.0
#define BOTTOM 206.0
#define FEW_SUBJECTS 4
#define MOST_GROUPS (REPORT_MOST_SUBJECTS - 1) /* a table each, and one of the peaks */

typedef struct courses {
  const char *title, *key, *caption, *label;
  const char *what, *second_what;       /* for who lacks them */
  const char *first_name, *second_name; /* of the table's columns */
  size_t second;                        /* where a subject has what is drawn dashed */
  bool squared;                         /* 100 max(r, 0)^2 in place of r */
  int decimals;
} courses;

enum { FIRST, SECOND, COLUMNS };

/* First in each key; without several subjects it is left out. */
#define MEAN_KEY "black: mean of the subjects; "
static const char mean_name[] = "mean of the subjects";

/* The subjects, and their mean after them where there are several. */
static size_t lines_of(const report_data *data) { return data->count + (data->count > 1); }
static const char *name_of(const report_data *data, size_t line) {
  return line < data->count ? data->subjects[line].shown : mean_name;
}
enum { UNITS, COUNTED, PEAK, PEAK_TIME, SECOND_THERE, SECOND_PEAK, SECOND_TIME, PEAK_COLUMNS };

/* A unit counts where its best ceiling over time is high enough; without ceilings each counts. */
static bool counts(const report_subject *subject, const report_kind *kind, size_t unit) {
  double best = 0;
  for (size_t t = 0; t < subject->times && subject->ceiling; t++)
    best = fmax(best, subject->ceiling[unit * subject->times + t]);
  return !subject->ceiling || best > kind->counts_above;
}

/* The units of a region (NULL: all) that count, in `units` with room for all. */
static size_t choose(const report_subject *subject, const report_kind *kind, const report_region *region,
                     size_t *units) {
  const size_t all = region ? region->count : subject->units;
  size_t count = 0;
  for (size_t i = 0; i < all; i++) {
    const size_t unit = region ? region->voxels[i] : i;
    if (counts(subject, kind, unit)) units[count++] = unit;
  }
  return count;
}

/* The mean over `units` at each time, NaN left out, to places `stride` apart. */
static void average(const double *values, const report_subject *subject, const size_t *units, size_t count,
                    bool squared, double *out, size_t stride) {
  for (size_t t = 0; t < subject->times; t++) {
    double sum = 0;
    size_t known = 0;
    for (size_t i = 0; i < count; i++) {
      const double value = values[units[i] * subject->times + t];
      if (isnan(value)) continue;
      sum += squared ? 100 * fmax(value, 0) * fmax(value, 0) : value;
      known++;
    }
    out[t * stride] = known ? sum / (double)known : NAN;
  }
}

static bool has_times_of_first(const report_data *data, size_t subject) {
  const report_subject *first = &data->subjects[0], *other = &data->subjects[subject];
  return first->times == other->times &&
         !memcmp(first->milliseconds, other->milliseconds, first->times * sizeof *first->milliseconds);
}

static void start_table(report_table *table, const courses *kind, const report_data *data, const char *region) {
  const report_subject *first = &data->subjects[0];
  char caption[128], head[32];
  base_print(caption, sizeof caption, "%.80s, over time", region);
  report_table_start(table, caption, 1, (const char *const[]){"Time, ms"}, COLUMNS * lines_of(data));
  for (size_t i = 0; i < lines_of(data); i++) {
    report_table_column(table, COLUMNS * i + FIRST, kind->decimals, "%s %s", name_of(data, i), kind->first_name);
    report_table_column(table, COLUMNS * i + SECOND, kind->decimals, "%s %s", name_of(data, i), kind->second_name);
  }
  for (size_t t = 0; t < first->times; t++) {
    base_print(head, sizeof head, "%.6g", first->milliseconds[t]);
    report_table_row(table, (const char *const[]){head});
  }
}

static size_t find_peak(const report_table *table, size_t column) {
  size_t peak = table->rows;
  for (size_t t = 0; t < table->rows; t++) {
    const double value = report_table_number(table, t, column);
    if (!isnan(value) && (peak == table->rows || value > report_table_number(table, peak, column))) peak = t;
  }
  return peak;
}

static void note_peaks(double *row, const report_table *table, size_t subject, const double *milliseconds) {
  const size_t first = find_peak(table, COLUMNS * subject + FIRST),
               second = find_peak(table, COLUMNS * subject + SECOND);
  if (first < table->rows) {
    row[PEAK] = report_table_number(table, first, COLUMNS * subject + FIRST);
    row[PEAK_TIME] = milliseconds[first];
    row[SECOND_THERE] = report_table_number(table, first, COLUMNS * subject + SECOND);
  }
  if (second == table->rows) return;
  row[SECOND_PEAK] = report_table_number(table, second, COLUMNS * subject + SECOND);
  row[SECOND_TIME] = milliseconds[second];
}

/* One subject's columns of a region's table, and its row of the peaks. */
static void fill(report_table *table, report_table *peaks, const courses *kind, const report_data *data, size_t index,
                 const char *name, const report_region *region) {
  const report_subject *subject = &data->subjects[index];
  const double *second = report_values(subject, kind->second);
  size_t *units = base_alloc(subject->units, sizeof *units, NULL);
  double *row = report_table_row(peaks, (const char *const[]){name, subject->shown});
  table->failed |= !units;
  if (units && row && !table->failed) {
    const size_t count = choose(subject, data->kind, region, units), stride = table->columns;
    double *out = table->numbers + COLUMNS * index;
    row[UNITS] = (double)(region ? region->count : subject->units);
    row[COUNTED] = (double)count;
    if (subject->accuracy) average(subject->accuracy, subject, units, count, kind->squared, out + FIRST, stride);
    if (second) average(second, subject, units, count, false, out + SECOND, stride);
    note_peaks(row, table, index, subject->milliseconds);
  }
  base_free(units);
}

/* The mean of the subjects that have a number, time by time. */
static void fill_mean(report_table *table, report_table *peaks, const report_data *data, const char *name) {
  double *row = report_table_row(peaks, (const char *const[]){name, mean_name});
  for (size_t t = 0; t < table->rows && !table->failed; t++)
    for (size_t column = FIRST; column < COLUMNS; column++) {
      double *numbers = table->numbers + t * table->columns, sum = 0;
      size_t known = 0;
      for (size_t i = 0; i < data->count; i++) {
        if (isnan(numbers[COLUMNS * i + column])) continue;
        sum += numbers[COLUMNS * i + column];
        known++;
      }
      numbers[COLUMNS * data->count + column] = known ? sum / (double)known : NAN;
    }
  if (row && !table->failed) note_peaks(row, table, data->count, data->subjects[0].milliseconds);
}

static void start_peaks(report_table *table, const courses *kind, const report_data *data) {
  report_table_start(table, "Peaks", 2, (const char *const[]){"Region", "Subject"}, PEAK_COLUMNS);
  report_table_column(table, UNITS, REPORT_COUNT, "%s", data->kind->units);
  report_table_column(table, COUNTED, REPORT_COUNT, "of them averaged");
  report_table_column(table, PEAK, kind->decimals, "highest %s", kind->first_name);
  report_table_column(table, PEAK_TIME, 1, "at, ms");
  report_table_column(table, SECOND_THERE, kind->decimals, "%s there", kind->second_name);
  report_table_column(table, SECOND_PEAK, kind->decimals, "highest %s", kind->second_name);
  report_table_column(table, SECOND_TIME, 1, "at, ms");
}

/* From the least number below 0, or 0, to a little above the greatest: the same for all panels. */
static report_axis axis_up(const report_figure *figure, const char *label) {
  double low = 0, high = 0;
  for (size_t i = 1; i < figure->table_count; i++) {
    const report_table *table = &figure->tables[i];
    for (size_t n = 0; n < table->rows * table->columns; n++) {
      low = fmin(low, table->numbers[n]);
      high = fmax(high, table->numbers[n]);
    }
  }
  return (report_axis){1.05 * low, high > 0 ? 1.05 * high : 1, BOTTOM, TOP, false, label};
}

/* Broken where there is no number. */
static void draw_line(report_panel *panel, const report_table *table, size_t column, const report_axis *along,
                      const report_axis *up, const double *milliseconds, report_role role, double width, bool dashed) {
  report_point *points = base_alloc(table->rows, sizeof *points, NULL);
  size_t count = 0;
  panel->failed |= !points;
  for (size_t t = 0; t <= table->rows && points; t++) {
    const double value = t < table->rows ? report_table_number(table, t, column) : NAN;
    if (!isnan(value)) {
      points[count++] = (report_point){report_place(along, milliseconds[t]), report_place(up, value)};
      continue;
    }
    if (count > 1) report_curve(panel, points, count, role, width, dashed);
    count = 0;
  }
  base_free(points);
}

static void describe(report_text *text, const report_table *peaks, size_t first, const report_data *data) {
  for (size_t i = 0; i < lines_of(data); i++) {
    const double peak = report_table_number(peaks, first + i, PEAK),
                 there = report_table_number(peaks, first + i, SECOND_THERE);
    report_print(text, "%s%s: ", i ? "; " : "", name_of(data, i));
    if (isnan(peak)) {
      report_put(text, "no value");
      continue;
    }
    report_print(text, "highest %.3g at %.6g ms", peak, report_table_number(peaks, first + i, PEAK_TIME));
    if (!isnan(there)) report_print(text, ", dashed line there %.3g", there);
  }
  report_put(text, ".");
}

static void draw_frame(report_panel *panel, const char *title, const report_axis *along, const report_axis *up) {
  report_bold_words(panel, LEFT, 16, REPORT_LEFT, REPORT_INK, 12.5, title);
  report_left_axis(panel, up, LEFT, RIGHT);
  report_time_axis(panel, along, TOP, BOTTOM);
  if (along->low < 0 && along->high > 0)
    report_line(panel, report_place(along, 0), TOP, report_place(along, 0), BOTTOM, REPORT_SOFT, 1, false);
  report_line(panel, LEFT, report_place(up, 0), RIGHT, report_place(up, 0), REPORT_SOFT, 1, false);
}

/* "Names with O: 8 channels", "All channels: 63"; the number where it is one for all. */
static void put_title(char *title, size_t room, const report_data *data, const report_table *peaks, size_t first) {
  const report_kind *kind = data->kind;
  const char *name = report_table_word(peaks, first, 0);
  const double units = report_table_number(peaks, first, UNITS);
  const bool is_all = !strcmp(name, kind->all);
  bool is_same = units > 0;
  for (size_t i = 1; i < data->count; i++) is_same &= report_table_number(peaks, first + i, UNITS) == units;
  int length = base_print(title, room, "%s%.40s", kind->before_region && !is_all ? kind->before_region : "", name);
  if (!is_same) return;
  length += base_print(title + length, room - (size_t)length, ": %.0f", units);
  if (!is_all) base_print(title + length, room - (size_t)length, " %s", units == 1 ? kind->unit : kind->units);
}

/* Many subjects are drawn thin, so that their mean stands out. */
static double line_width(const report_data *data, bool is_mean, bool dashed) {
  const double width = is_mean ? 2.2 : data->count > FEW_SUBJECTS ? 0.9 : 1.5;
  return dashed ? 0.7 * width : width;
}

static void draw_panel(report_figure *figure, const courses *kind, const report_data *data, size_t index) {
  const report_table *table = &figure->tables[index + 1], *peaks = &figure->tables[0];
  const report_subject *first = &data->subjects[0];
  char title[96];
  report_text description = {0};
  put_title(title, sizeof title, data, peaks, index * lines_of(data));
  describe(&description, peaks, index * lines_of(data), data);
  report_panel *panel = report_figure_panel(figure, REPORT_PANEL_WIDTH, HEIGHT, title, description.bytes);
  figure->failed |= description.failed;
  report_text_free(&description);
  if (!panel) return;
  const report_axis up = axis_up(figure, kind->label), along = {first->milliseconds[0],
                                                                first->milliseconds[first->times - 1],
                                                                LEFT,
                                                                RIGHT,
                                                                false,
                                                                "time from the onset of the image, ms"};
  draw_frame(panel, title, &along, &up);
  for (size_t i = 0; i < 2 * lines_of(data); i++) { /* dashed lines first, so that the others lie on them */
    const size_t line = i % lines_of(data);
    const bool dashed = i < lines_of(data), is_mean = line == data->count;
    const report_role role = is_mean ? REPORT_INK : report_subject_role(data->subjects[line].number);
    draw_line(panel, table, COLUMNS * line + (dashed ? SECOND : FIRST), &along, &up, first->milliseconds, role,
              line_width(data, is_mean, dashed), dashed);
  }
}

static void put_missing(report_figure *figure, const courses *kind, const report_data *data, size_t regions) {
  report_figure_lacking(figure, data, offsetof(report_subject, accuracy), kind->what);
  report_figure_lacking(figure, data, kind->second, kind->second_what);
  for (size_t i = 1; i < data->count; i++)
    if (!has_times_of_first(data, i))
      report_print(&figure->missing, " %s has other times than %s, and is left out.", data->subjects[i].shown,
                   data->subjects[0].shown);
  if (!regions) report_print(&figure->missing, " The metadata name no %s.", data->kind->regions);
  if (regions >= MOST_GROUPS)
    report_print(&figure->missing, " Of %zu %s the first %d are drawn.", regions, data->kind->regions, MOST_GROUPS - 1);
}

static void make_table(report_figure *figure, const courses *kind, const report_data *data, const char *name,
                       bool is_region) {
  report_table *table = &figure->tables[figure->table_count++];
  start_table(table, kind, data, name);
  for (size_t i = 0; i < data->count; i++) {
    const report_region *region = is_region ? report_find_region(&data->subjects[i], name) : NULL;
    static const report_region none = {.count = 0};
    const report_region *taken = is_region && !region ? &none : region;
    if (has_times_of_first(data, i))
      fill(table, &figure->tables[0], kind, data, i, name, taken);
    else
      report_table_row(&figure->tables[0], (const char *const[]){name, data->subjects[i].shown});
  }
  if (data->count > 1) fill_mean(table, &figure->tables[0], data, name);
}

static void draw(report_figure *figure, const courses *kind, const report_data *data) {
  size_t count;
  report_figure_start(figure, "encoding_accuracy", kind->title, 3, true);
  figure->key = kind->key + (data->count > 1 ? 0 : sizeof MEAN_KEY - 1);
  report_put(&figure->caption, kind->caption);
  report_region_name *names = report_list_regions(data, &count);
  figure->failed |= !names;
  if (!names) return;
  put_missing(figure, kind, data, count);
  start_peaks(&figure->tables[figure->table_count++], kind, data);
  for (size_t i = 0; i < count && i + 1 < MOST_GROUPS; i++) make_table(figure, kind, data, names[i].name, true);
  make_table(figure, kind, data, data->kind->all, false);
  base_free(names);
  bool failed = report_figure_status(figure, NULL) != BERG_OK;
  if (!report_knows(data, offsetof(report_subject, accuracy)) && !report_knows(data, kind->second)) return;
  for (size_t i = 0; i + 1 < figure->table_count && !failed; i++) draw_panel(figure, kind, data, i);
}

#define MEAN_CAPTION \
  "Of several subjects the mean is drawn too, in the colour of the text. The upright line is the onset of the image."

void report_draw_correlation_courses(report_figure *figure, const report_data *data) {
  static const char caption[] =
      "Lines: the mean over channels of Pearson\xE2\x80\x99s r between the mean of the predicted repetitions and the "
      "mean of the measured ones, over test images. Dashed: the same for each predicted repetition alone, the mean of "
      "the four. " MEAN_CAPTION;
  static const courses kind = {.title = "Accuracy over time",
                               .key = MEAN_KEY "dashed: one repetition; upright line: onset of the image",
                               .caption = caption,
                               .label = "accuracy, r",
                               .what = "accuracy",
                               .second_what = "accuracy for single repetitions",
                               .first_name = "r",
                               .second_name = "r of one repetition",
                               .second = offsetof(report_subject, single),
                               .decimals = 4};
  draw(figure, &kind, data);
}

void report_draw_explained_courses(report_figure *figure, const report_data *data) {
  static const char caption[] =
      "Lines: the mean of 100 r\xC2\xB2, the explained variance in percent, where r is Pearson\xE2\x80\x99s "
      "correlation of predicted and measured test responses, not below 0. Dashed: the mean noise ceiling of the mean "
      "over test repeats. Both over those whose ceiling is above 0 (electrodes: 0.1 %) at some time. " MEAN_CAPTION;
  static const courses kind = {.title = "Accuracy over time",
                               .key = MEAN_KEY "dashed: noise ceiling; upright line: onset of the image",
                               .caption = caption,
                               .label = "explained variance, %",
                               .what = "accuracy",
                               .second_what = "noise ceilings",
                               .first_name = "explained, %",
                               .second_name = "ceiling, %",
                               .second = offsetof(report_subject, ceiling),
                               .squared = true,
                               .decimals = 3};
  draw(figure, &kind, data);
}
