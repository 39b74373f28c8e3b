/* Accuracy and ceilings of every channel, sensor or electrode at every time, a panel for each subject. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "report/figure.h"
#include "report/kind.h"
#include "report/regions.h"
#include "report/scale.h"

#define HEIGHT 420.0
#define LEFT 66.0
#define RIGHT (REPORT_PANEL_WIDTH - 10)
#define TOP 30.0
#define BOTTOM 318.0
#define MOST_PIXELS 16384 /* of a picture's side */
#define LEAST_LABEL 12.0  /* a region lower than that has none */

typedef struct time_map {
  const char *id, *title, *what, *label, *caption;
  size_t offset;
  bool of_ceilings;
  double most;
  int decimals;
} time_map;

/* Units in the order of the regions, those of no region last. */
typedef struct ordering {
  size_t *units;  /* [count of the subject] */
  size_t *region; /* the same order: number among the names, or their number */
} ordering;

static bool holds(const report_region *region, size_t unit) {
  for (size_t i = 0; region && i < region->count; i++)
    if (region->voxels[i] == unit) return true;
  return false;
}

/* The first region that has the unit. */
static size_t region_of(const report_subject *subject, const report_region_name *names, size_t count, size_t unit) {
  size_t i = 0;
  while (i < count && !holds(report_find_region(subject, names[i].name), unit)) i++;
  return i;
}

static bool order_units(ordering *order, const report_subject *subject, const report_region_name *names, size_t count) {
  size_t *own = base_alloc(subject->units, sizeof *own, NULL), next = 0;
  order->units = base_alloc(subject->units, sizeof *order->units, NULL);
  order->region = base_alloc(subject->units, sizeof *order->region, NULL);
  const bool good = own && order->units && order->region;
  for (size_t u = 0; u < subject->units && good; u++) own[u] = region_of(subject, names, count, u);
  for (size_t region = 0; region <= count && good; region++)
    for (size_t u = 0; u < subject->units; u++) {
      if (own[u] != region) continue;
      order->units[next] = u;
      order->region[next++] = region;
    }
  base_free(own);
  return good;
}

static void release(ordering *order) {
  base_free(order->units);
  base_free(order->region);
}

enum { HIGHEST, WHEN, MEAN, MISSING, COLUMNS };

static void fill_row(double *row, const report_subject *subject, const double *values) {
  row[MEAN] = report_mean(values, NULL, subject->times, NULL);
  row[MISSING] = 0;
  for (size_t t = 0; t < subject->times; t++) {
    row[MISSING] += isnan(values[t]);
    if (isnan(values[t]) || row[HIGHEST] >= values[t]) continue;
    row[HIGHEST] = values[t];
    row[WHEN] = subject->milliseconds[t];
  }
}

static void fill_table(report_table *table, const time_map *kind, const report_data *data,
                       const report_subject *subject, const ordering *order, const report_region_name *names,
                       size_t count) {
  char caption[96], number[32];
  base_print(caption, sizeof caption, "%s: %s, every %s", subject->shown, kind->label, data->kind->unit);
  report_table_start(table, caption, 2, (const char *const[]){data->kind->unit, "region"}, COLUMNS);
  report_table_column(table, HIGHEST, kind->decimals, "highest");
  report_table_column(table, WHEN, 1, "at, ms");
  report_table_column(table, MEAN, kind->decimals, "mean over time");
  report_table_column(table, MISSING, REPORT_COUNT, "times without value");
  for (size_t i = 0; i < subject->units; i++) {
    const size_t unit = order->units[i], region = order->region[i];
    base_print(number, sizeof number, "%zu", unit);
    double *row = report_table_row(table, (const char *const[]){subject->labels ? subject->labels[unit] : number,
                                                                region < count ? names[region].name : ""});
    if (row) fill_row(row, subject, report_values(subject, kind->offset) + unit * subject->times);
  }
}

static void draw_cells(report_panel *panel, const report_subject *subject, const double *values, const ordering *order,
                       double top) {
  uint32_t *pixels = base_alloc(subject->voxels, sizeof *pixels, NULL);
  panel->failed |= !pixels;
  if (!pixels) return;
  for (size_t i = 0; i < subject->units; i++)
    for (size_t t = 0; t < subject->times; t++) {
      const double value = values[order->units[i] * subject->times + t];
      pixels[i * subject->times + t] =
          isnan(value) ? REPORT_NO_VALUE(i + t) : 0xFF000000 | report_scale_colour(value / top);
    }
  report_image(panel, LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP, pixels, subject->times, subject->units);
  base_free(pixels);
}

/* Names of the regions beside their rows, lines between them. */
static void draw_regions(report_panel *panel, const report_subject *subject, const ordering *order,
                         const report_region_name *names, size_t count) {
  const report_axis down = {0, (double)subject->units, TOP, BOTTOM, false, ""};
  char label[64];
  for (size_t first = 0, next; first < subject->units; first = next) {
    const size_t region = order->region[first];
    for (next = first; next < subject->units && order->region[next] == region; next++) continue;
    const double from = report_place(&down, (double)first), to = report_place(&down, (double)next);
    report_line(panel, LEFT - 6, to, RIGHT, to, next < subject->units ? REPORT_INK : REPORT_SOFT, 1, false);
    if (region == count || to - from < LEAST_LABEL) continue;
    report_words(panel, LEFT - 6, (from + to) / 2 + 4, REPORT_RIGHT, REPORT_INK, REPORT_FONT,
                 report_fit_words(names[region].name, LEFT - 8, REPORT_FONT, label, sizeof label));
  }
}

static void describe(report_text *text, const report_table *table, const report_data *data, double top) {
  double highest = NAN;
  size_t best = 0;
  for (size_t row = 0; row < table->rows; row++) {
    const double value = report_table_number(table, row, HIGHEST);
    if (isnan(value) || highest >= value) continue;
    highest = value;
    best = row;
  }
  report_print(text, "%zu %s by time, colours from 0 to %g", table->rows, data->kind->units, top);
  if (!isnan(highest))
    report_print(text, "; the highest is %.3g, %s %s at %.6g ms", highest, data->kind->unit,
                 report_table_word(table, best, 0), report_table_number(table, best, WHEN));
}

static void draw_panel(report_figure *figure, const time_map *kind, const report_data *data,
                       const report_subject *subject, double top, const report_region_name *names, size_t count) {
  ordering order = {NULL, NULL};
  report_text description = {0};
  if (subject->units > MOST_PIXELS || subject->times > MOST_PIXELS) {
    report_print(&figure->missing, " %s has more %s or times than a picture: no map.", subject->shown,
                 data->kind->units);
    return;
  }
  report_panel *panel = report_figure_panel(figure, REPORT_PANEL_WIDTH, HEIGHT, subject->shown, NULL);
  if (!panel) return;
  report_table *table = &figure->tables[figure->table_count++];
  const bool good = order_units(&order, subject, names, count);
  panel->failed |= !good;
  if (good) {
    fill_table(table, kind, data, subject, &order, names, count);
    const report_axis along = {subject->milliseconds[0],
                               subject->milliseconds[subject->times - 1],
                               LEFT,
                               RIGHT,
                               false,
                               "time from the onset of the image, ms"},
                      colours = {0, top, LEFT, RIGHT - 70, false, kind->label};
    report_bold_words(panel, LEFT, 16, REPORT_LEFT, REPORT_INK, 12.5, subject->shown);
    report_time_axis(panel, &along, BOTTOM, BOTTOM);
    draw_cells(panel, subject, report_values(subject, kind->offset), &order, top);
    draw_regions(panel, subject, &order, names, count);
    if (along.low < 0 && along.high > 0)
      report_line(panel, report_place(&along, 0), TOP - 5, report_place(&along, 0), BOTTOM, REPORT_INK, 1, false);
    report_colour_bar(panel, &colours, BOTTOM + 50, true);
    if (!table->failed) describe(&description, table, data, top);
    report_panel_describe(panel, description.bytes);
  }
  figure->failed |= description.failed;
  report_text_free(&description);
  release(&order);
}

static void draw(report_figure *figure, const time_map *kind, const report_data *data) {
  size_t count;
  report_figure_start(figure, kind->id, kind->title, 3, false);
  report_print(&figure->caption,
               "%s One row a %s, in the order of the %s, within them in that of the metadata; the upright line "
               "is the onset of the image. Numbers beyond the scale take the colour of its end; where there is "
               "no value it is chequered.",
               kind->caption, data->kind->unit, data->kind->regions);
  report_figure_lacking(figure, data, kind->offset, kind->what);
  if (!report_knows(data, kind->offset)) return;
  report_region_name *names = report_list_regions(data, &count);
  figure->failed |= !names;
  const double top = report_scale_end(data, kind->of_ceilings, kind->most);
  for (size_t i = 0; i < data->count && names; i++)
    if (report_values(&data->subjects[i], kind->offset))
      draw_panel(figure, kind, data, &data->subjects[i], top, names, count);
  base_free(names);
}

void report_draw_accuracy_times(report_figure *figure, const report_data *data) {
  static const time_map kind = {.id = "map_accuracy",
                                .title = "Accuracy everywhere, over time",
                                .what = "accuracy",
                                .label = "accuracy, r",
                                .caption = "Pearson\xE2\x80\x99s r between predicted and measured test responses.",
                                .offset = offsetof(report_subject, accuracy),
                                .most = 1,
                                .decimals = 4};
  draw(figure, &kind, data);
}

void report_draw_ceiling_times(report_figure *figure, const report_data *data) {
  static const time_map kind = {.id = "map_ceiling",
                                .title = "Noise ceiling everywhere, over time",
                                .what = "noise ceilings",
                                .label = "ceiling, % of variance",
                                .caption = "The noise ceiling of the mean over test repeats.",
                                .offset = offsetof(report_subject, ceiling),
                                .of_ceilings = true,
                                .most = 100,
                                .decimals = 2};
  draw(figure, &kind, data);
}
