/* Accuracy of each region beside its noise ceiling, as upstream's figure has it: the mean r of the region's voxels, not
 * below 0, squared; the ceiling is the square of the mean over voxels of sqrt(ceiling / 100). Unlike upstream's, voxels
 * without a value are left out of the mean, and counted. */
#include <math.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/text.h"
#include "report/figure.h"
#include "report/regions.h"

#define HEIGHT 236.0
#define LEFT 42.0
#define RIGHT (REPORT_PANEL_WIDTH - 6)
#define TOP 30.0
#define BOTTOM 206.0
#define MOST_REGIONS 6 /* of one panel */
#define WIDEST_BAR 24.0

enum { VOXELS, MISSING, ACCURACY, CEILING, COLUMNS };

static double squared(double mean) { return isnan(mean) ? NAN : fmax(mean, 0) * fmax(mean, 0); }

static double ceiling_of(const double *ceiling, const size_t *voxels, size_t count) {
  double sum = 0;
  size_t known = 0;
  for (size_t i = 0; i < count; i++) {
    double value = ceiling[voxels ? voxels[i] : i];
    if (isnan(value)) continue;
    sum += sqrt(fmax(value, 0) / 100);
    known++;
  }
  return known ? squared(sum / (double)known) : NAN;
}

static void fill(double *numbers, const report_subject *subject, const size_t *voxels, size_t count) {
  size_t missing;
  numbers[VOXELS] = (double)count;
  if (subject->accuracy) {
    numbers[ACCURACY] = squared(report_mean(subject->accuracy, voxels, count, &missing));
    numbers[MISSING] = (double)missing;
  }
  if (subject->ceiling) numbers[CEILING] = ceiling_of(subject->ceiling, voxels, count);
}

static void fill_table(report_table *table, const report_data *data, const report_region_name *names, size_t count) {
  report_table_start(table, "Accuracy and noise ceiling of each region", 2, (const char *const[]){"Group", "Region"},
                     COLUMNS * data->count);
  for (size_t i = 0; i < data->count; i++) {
    const char *name = data->subjects[i].shown;
    report_table_column(table, COLUMNS * i + VOXELS, REPORT_COUNT, "%s voxels", name);
    report_table_column(table, COLUMNS * i + MISSING, REPORT_COUNT, "%s without accuracy", name);
    report_table_column(table, COLUMNS * i + ACCURACY, 4, "%s accuracy, r\xC2\xB2", name);
    report_table_column(table, COLUMNS * i + CEILING, 4, "%s ceiling, r\xC2\xB2", name);
  }
  for (size_t row = 0; row < count; row++) {
    double *numbers =
        report_table_row(table, (const char *const[]){report_group_name(names[row].group), names[row].name});
    for (size_t i = 0; i < data->count && numbers; i++) {
      const report_region *region = report_find_region(&data->subjects[i], names[row].name);
      if (region) fill(numbers + COLUMNS * i, &data->subjects[i], region->voxels, region->count);
    }
  }
  double *numbers = report_table_row(table, (const char *const[]){"Whole brain", "all voxels"});
  for (size_t i = 0; i < data->count && numbers; i++)
    fill(numbers + COLUMNS * i, &data->subjects[i], NULL, data->subjects[i].voxels);
}

/* The same for all panels, so that they can be compared. */
static double highest(const report_table *table) {
  double high = 0;
  for (size_t row = 0; row < table->rows; row++)
    for (size_t i = 0; i < table->columns; i++)
      if (i % COLUMNS == ACCURACY || i % COLUMNS == CEILING) high = fmax(high, report_table_number(table, row, i));
  return high > 0 ? 1.05 * high : 1;
}

static void draw_bar(report_panel *panel, const report_axis *up, double x, double width, const report_subject *subject,
                     const char *region, double accuracy, double ceiling) {
  char says[160];
  int length = base_print(says, sizeof says, "%.80s, %.20s: ", region, subject->shown);
  if (isnan(accuracy))
    length += base_print(says + length, sizeof says - (size_t)length, "no accuracy");
  else
    length += base_print(says + length, sizeof says - (size_t)length, "r\xC2\xB2 %.4f", accuracy);
  if (!isnan(ceiling)) base_print(says + length, sizeof says - (size_t)length, ", ceiling %.4f", ceiling);
  if (!isnan(accuracy)) {
    double y = report_place(up, accuracy);
    report_box(panel, x, y, width - 1, up->from - y, report_subject_role(subject->number), says);
  }
  if (isnan(accuracy))
    report_words(panel, x + width / 2, up->from - 9, REPORT_MIDDLE, REPORT_INK, REPORT_FONT, "\xC3\x97");
  if (!isnan(ceiling)) report_box(panel, x - 1, report_place(up, ceiling) - 1, width + 1, 2, REPORT_INK, says);
}

static void draw_panel(report_figure *figure, const report_data *data, size_t first, size_t count, const char *title,
                       const char *description) {
  const report_table *table = &figure->tables[0];
  report_panel *panel = report_figure_panel(figure, REPORT_PANEL_WIDTH, HEIGHT, title, description);
  if (!panel) return;
  const report_axis up = {0, highest(table), BOTTOM, TOP, false, "explained variance, r\xC2\xB2"};
  report_bold_words(panel, LEFT, 16, REPORT_LEFT, REPORT_INK, 12.5, title);
  report_left_axis(panel, &up, LEFT, RIGHT);
  double cell = (RIGHT - LEFT) / (double)count;
  double width = fmin(WIDEST_BAR, 0.86 * cell / (double)data->count);
  for (size_t row = first; row < first + count; row++) {
    const char *region = report_table_word(table, row, 1);
    double middle = LEFT + cell * ((double)(row - first) + 0.5), x = middle - width * (double)data->count / 2;
    char label[64];
    for (size_t i = 0; i < data->count; i++, x += width)
      draw_bar(panel, &up, x, width, &data->subjects[i], region,
               report_table_number(table, row, COLUMNS * i + ACCURACY),
               report_table_number(table, row, COLUMNS * i + CEILING));
    report_words(panel, middle, BOTTOM + 16, REPORT_MIDDLE, REPORT_INK, REPORT_FONT,
                 report_fit_words(region, cell - 2, REPORT_FONT, label, sizeof label));
  }
  for (size_t i = 0; i < data->count; i++) {
    double mean = report_table_number(table, table->rows - 1, COLUMNS * i + ACCURACY);
    if (isnan(mean)) continue;
    double y = report_place(&up, mean);
    report_line(panel, LEFT, y, RIGHT, y, report_subject_role(data->subjects[i].number), 1.5, true);
  }
  report_line(panel, LEFT, BOTTOM, RIGHT, BOTTOM, REPORT_SOFT, 1, false);
}

static void describe(report_text *text, const report_table *table, const report_data *data, size_t first,
                     size_t count) {
  for (size_t row = first; row < first + count; row++) {
    report_print(text, "%s%s: ", row > first ? "; " : "", report_table_word(table, row, 1));
    for (size_t i = 0; i < data->count; i++) {
      double accuracy = report_table_number(table, row, COLUMNS * i + ACCURACY),
             ceiling = report_table_number(table, row, COLUMNS * i + CEILING);
      report_print(text, "%s%s ", i ? ", " : "", data->subjects[i].shown);
      if (isnan(accuracy))
        report_put(text, "no value");
      else
        report_print(text, "%.3f", accuracy);
      if (!isnan(ceiling)) report_print(text, " of at most %.3f", ceiling);
    }
  }
  report_put(text, ".");
}

static void draw_group(report_figure *figure, const report_data *data, size_t first, size_t count) {
  const char *name = report_table_word(&figure->tables[0], first, 0);
  for (size_t done = 0; done < count; done += MOST_REGIONS) {
    size_t part = count - done < MOST_REGIONS ? count - done : MOST_REGIONS;
    char title[80];
    report_text description = {0};
    if (done)
      base_print(title, sizeof title, "%s (%zu)", name, done / MOST_REGIONS + 1);
    else
      base_print(title, sizeof title, "%s", name);
    describe(&description, &figure->tables[0], data, first + done, part);
    draw_panel(figure, data, first + done, part, title, description.bytes);
    figure->failed |= description.failed;
    report_text_free(&description);
  }
}

void report_draw_regions(report_figure *figure, const report_data *data) {
  size_t count;
  report_figure_start(figure, "encoding_accuracy", "Accuracy of each region", 4, true);
  figure->key = "short lines: noise ceiling; dashed: all voxels of the brain; \xC3\x97: no value";
  report_put(
      &figure->caption,
      "Bars: the mean over a region\xE2\x80\x99s voxels of Pearson\xE2\x80\x99s r between predicted and measured "
      "test responses, not below 0, squared. Short lines across: the noise ceiling, the square of the mean over voxels "
      "of \xE2\x88\x9A(ceiling / 100), for the mean of the test repeats. Dashed lines: the same as the bars over "
      "all voxels of the brain. A cross: no value. Regions overlap.");
  report_region_name *names = report_list_regions(data, &count);
  figure->failed |= !names;
  if (!names) return;
  report_figure_lacking(figure, data, offsetof(report_subject, accuracy), "accuracy yet (berg evaluate computes it)");
  report_figure_lacking(figure, data, offsetof(report_subject, ceiling), "noise ceilings");
  if (!count) report_put(&figure->missing, " The metadata name no regions.");
  fill_table(&figure->tables[figure->table_count++], data, names, count);
  bool drawn =
      report_knows(data, offsetof(report_subject, accuracy)) || report_knows(data, offsetof(report_subject, ceiling));
  for (size_t first = 0, next; first < count && drawn && !figure->tables[0].failed; first = next) {
    for (next = first; next < count && names[next].group == names[first].group; next++) continue;
    draw_group(figure, data, first, next - first);
  }
  base_free(names);
}
