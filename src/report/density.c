/* Accuracy against noise ceiling: a two-dimensional histogram of the voxels of each subject. */
#include <math.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/text.h"
#include "report/bins.h"
#include "report/figure.h"
#include "report/kind.h"

#define HEIGHT 362.0
#define LEFT 42.0
#define RIGHT (REPORT_PANEL_WIDTH - 12)
#define TOP 30.0
#define BOTTOM 270.0
#define BIN 0.025

/* Both axes are correlations, the same for all subjects. */
static const report_bins ceiling_bins = {0, BIN, 40};

static report_bins accuracy_bins(const report_data *data) {
  double low = 0;
  for (size_t i = 0; i < data->count; i++)
    for (size_t j = 0; j < data->subjects[i].voxels && data->subjects[i].share; j++)
      low = fmin(low, data->subjects[i].accuracy[j]);
  /* whole tenths, so that the axis ends at a tick; r is not below -1 */
  low = fmax(-1, floor(low * 10 + 1e-9) / 10);
  return report_bins_over(low, 1, BIN, 80);
}

/* A row for each bin of accuracy, from high to low as in the figure, a column for each of the ceiling. */
static void fill_table(report_table *table, const report_subject *subject, const report_bins *bins, const char *units) {
  char caption[96], head[48];
  base_print(caption, sizeof caption, "%s: %s by r (rows) and \xE2\x88\x9A(ceiling / 100) (columns, from)",
             subject->shown, units);
  report_table_start(table, caption, 1, (const char *const[]){"r from"}, ceiling_bins.count);
  for (size_t i = 0; i < ceiling_bins.count; i++)
    report_table_column(table, i, REPORT_COUNT, "%.3f", report_bin_edge(&ceiling_bins, i));
  for (size_t row = 0; row < bins->count; row++) {
    base_print(head, sizeof head, "%.3f", report_bin_edge(bins, bins->count - 1 - row));
    double *numbers = report_table_row(table, (const char *const[]){head});
    for (size_t i = 0; i < ceiling_bins.count && numbers; i++) numbers[i] = 0;
  }
  for (size_t i = 0; i < subject->voxels && !table->failed; i++) {
    size_t row = report_bin_of(bins, subject->accuracy[i]),
           column = report_bin_of(&ceiling_bins, sqrt(fmax(subject->ceiling[i], 0) / 100));
    if (isnan(subject->ceiling[i]) || row == REPORT_NO_BIN || column == REPORT_NO_BIN) continue;
    table->numbers[(bins->count - 1 - row) * table->columns + column]++;
  }
}

static double highest(const report_table *table) {
  double high = 1;
  for (size_t i = 0; i < table->rows * table->columns; i++) high = fmax(high, table->numbers[i]);
  return high;
}

static void draw_cells(report_panel *panel, const report_table *table, const report_axis *along, const report_axis *up,
                       double high) {
  uint32_t *pixels = base_calloc(table->rows * table->columns, sizeof *pixels, NULL);
  panel->failed |= !pixels;
  if (!pixels) return;
  for (size_t i = 0; i < table->rows * table->columns; i++)
    if (table->numbers[i] > 0)
      pixels[i] = 0xFF000000 | report_scale_colour(high > 1 ? log(table->numbers[i]) / log(high) : 1);
  report_image(panel, along->from, up->to, along->to - along->from, up->from - up->to, pixels, table->columns,
               table->rows);
  base_free(pixels);
}

static void draw_panel(report_figure *figure, const report_subject *subject, const report_table *table,
                       const report_bins *bins, double high, const char *units) {
  char title[32], description[320], cells[48];
  double counted = 0, above = 0, most = highest(table);
  for (size_t i = 0; i < table->rows * table->columns; i++) counted += table->numbers[i];
  for (size_t i = 0; i < subject->voxels; i++)
    above += subject->ceiling[i] >= 0 && subject->accuracy[i] > sqrt(subject->ceiling[i] / 100);
  base_print(title, sizeof title, "%s", subject->shown);
  base_print(description, sizeof description,
             "%.0f %s by noise ceiling and accuracy, both as correlations; at most %.0f in a cell; %.0f %s lie above "
             "the line where accuracy is the ceiling",
             counted, units, most, above, units);
  base_print(cells, sizeof cells, "%s in a cell", units);
  report_panel *panel = report_figure_panel(figure, REPORT_PANEL_WIDTH, HEIGHT, title, description);
  if (!panel) return;
  const report_axis along = {0, 1, LEFT, RIGHT, false, "noise ceiling, \xE2\x88\x9A(ceiling / 100)"};
  const report_axis up = {bins->low, report_bin_edge(bins, bins->count), BOTTOM, TOP, false, "accuracy, r"};
  const report_axis colours = {1, fmax(high, 2), LEFT, RIGHT - 60, true, cells};
  report_bold_words(panel, LEFT, 16, REPORT_LEFT, REPORT_INK, 12.5, title);
  report_left_axis(panel, &up, LEFT, RIGHT);
  report_bottom_axis(panel, &along, TOP, BOTTOM);
  draw_cells(panel, table, &along, &up, fmax(high, 2));
  report_line(panel, report_place(&along, 0), report_place(&up, 0), report_place(&along, 1), report_place(&up, 1),
              REPORT_INK, 1.2, true);
  report_colour_bar(panel, &colours, BOTTOM + 48, false);
}

void report_draw_density(report_figure *figure, const report_data *data) {
  double high = 1;
  report_figure_start(figure, "accuracy_and_ceiling", "Accuracy against noise ceiling", 3, false);
  report_print(&figure->caption,
               "Each cell counts %s; its colour is the logarithm of the count, empty cells have none. "
               "On the dashed line a %s is predicted as well as its noise allows.",
               data->kind->units, data->kind->unit);
  report_figure_lacking(figure, data, offsetof(report_subject, share), "accuracy with ceilings to hold it against");
  if (!report_knows(data, offsetof(report_subject, share))) return;
  const report_bins bins = accuracy_bins(data);
  for (size_t i = 0; i < data->count; i++) {
    if (!data->subjects[i].share) continue;
    report_table *table = &figure->tables[figure->table_count++];
    fill_table(table, &data->subjects[i], &bins, data->kind->units);
    if (table->failed) return;
    high = fmax(high, highest(table));
  }
  for (size_t i = 0, table = 0; i < data->count; i++)
    if (data->subjects[i].share)
      draw_panel(figure, &data->subjects[i], &figure->tables[table++], &bins, high, data->kind->units);
}
