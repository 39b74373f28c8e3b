/* Drawing slices of a brain. */
#include "report/slice_panel.h"

#include <math.h>

#include "base/memory.h"
#include "base/text.h"
#include "report/slices.h"

#define MARGIN 8.0
#define CELL ((REPORT_PANEL_WIDTH - 2 * MARGIN) / REPORT_SLICES)
#define FIRST_ROW 28.0
#define LABEL 20.0 /* below each slice */
#define BAR 50.0

enum { VOXELS, MISSING, LOWEST, MEAN, HIGHEST, ABOVE, COLUMNS };

static void start_table(report_table *table, const report_subject *subject, const report_slice_values *what) {
  const char *const names[] = {"voxels", "without value", "lowest",
                               "mean",   "highest",       what->is_signed ? "beyond the scale" : "above the scale"};
  char caption[192];
  base_print(caption, sizeof caption, "%s: %.120s, slice by slice", subject->shown, what->label);
  report_table_start(table, caption, 1, (const char *const[]){"Slice"}, COLUMNS);
  for (size_t i = 0; i < COLUMNS; i++)
    report_table_column(table, i, i >= LOWEST && i <= HIGHEST ? what->decimals : REPORT_COUNT, "%s", names[i]);
}

static void count_voxel(double *row, double value, const report_slice_values *what) {
  row[VOXELS]++;
  row[MISSING] += isnan(value);
  row[ABOVE] += value > what->top || (what->is_signed && value < -what->top);
  row[LOWEST] = fmin(row[LOWEST], value);
  row[HIGHEST] = fmax(row[HIGHEST], value);
  if (!isnan(value)) row[MEAN] = (isnan(row[MEAN]) ? 0 : row[MEAN]) + value;
}

static uint32_t colour_of(const report_slice_values *what, double value) {
  const double share = value / what->top;
  return 0xFF000000 | (what->is_signed ? report_signed_colour(share) : report_scale_colour(share));
}

/* Draws one slice into `pixels`, and its row of the table. */
static void make_slice(uint32_t *pixels, double *row, const report_slices *slices, const report_subject *subject,
                       int axis, double at, const report_slice_values *what) {
  row[VOXELS] = row[MISSING] = row[ABOVE] = 0;
  for (size_t i = 0; i < subject->voxels; i++) {
    if (subject->coordinates[axis][i] != at) continue;
    size_t pixel = report_slice_pixel(slices, subject, axis, i);
    int right, up;
    report_slice_axes(axis, &right, &up);
    size_t columns = slices->extent[right];
    pixels[pixel] =
        isnan(what->values[i]) ? REPORT_NO_VALUE(pixel / columns + pixel % columns) : colour_of(what, what->values[i]);
    count_voxel(row, what->values[i], what);
  }
  row[MEAN] /= row[VOXELS] - row[MISSING];
}

/* Page pixels per voxel: the widest slice fits its cell, and none is higher than it is wide. */
static double voxel_size(const report_slices *slices) {
  size_t widest = slices->extent[0];
  for (int axis = 1; axis < 3; axis++)
    if (slices->extent[axis] > widest) widest = slices->extent[axis];
  return fmin((CELL - 6) / (double)widest, 12);
}

static double row_height(const report_slices *slices, int axis) {
  int right, up;
  report_slice_axes(axis, &right, &up);
  return (double)slices->extent[up] * voxel_size(slices) + LABEL;
}

static void draw_direction(report_panel *panel, report_table *table, const report_slices *slices,
                           const report_subject *subject, int axis, double y, const report_slice_values *what) {
  int right, up;
  char label[64];
  report_slice_axes(axis, &right, &up);
  const size_t columns = slices->extent[right], rows = slices->extent[up];
  const double width = (double)columns * voxel_size(slices), height = (double)rows * voxel_size(slices);
  for (size_t i = 0; i < slices->count[axis]; i++) {
    base_print(label, sizeof label, "%c = %.0f", 'x' + axis, slices->at[axis][i]);
    double *row = report_table_row(table, (const char *const[]){label});
    uint32_t *pixels = base_calloc(columns * rows, sizeof *pixels, NULL);
    panel->failed |= !row || !pixels;
    if (row && pixels) {
      double middle = MARGIN + CELL * ((double)i + 0.5);
      make_slice(pixels, row, slices, subject, axis, slices->at[axis][i], what);
      report_image(panel, middle - width / 2, y, width, height, pixels, columns, rows);
      report_words(panel, middle, y + height + 13, REPORT_MIDDLE, REPORT_SOFT, REPORT_FONT, label);
    }
    base_free(pixels);
  }
}

static void describe(char *description, size_t size, const report_slices *slices, const report_subject *subject,
                     const report_slice_values *what) {
  size_t missing;
  const double mean = report_mean(what->values, NULL, subject->voxels, &missing);
  const int length = base_print(description, size,
                                "%.120s on %zu slices across x, %zu across y, %zu across z; colours from %g to %g; "
                                "%zu of %zu voxels have no value",
                                what->label, slices->count[0], slices->count[1], slices->count[2],
                                what->is_signed ? -what->top : 0, what->top, missing, subject->voxels);
  if (!isnan(mean))
    base_print(description + length, size - (size_t)length, ", the others\xE2\x80\x99 mean is %.3g", mean);
}

static void draw_bar(report_panel *panel, double y, const report_slice_values *what) {
  const double from = MARGIN + 12, to = REPORT_PANEL_WIDTH - 78;
  char room[160];
  const char *label = report_fit_words(what->label, to - from, REPORT_FONT, room, sizeof room);
  const report_axis along = {what->is_signed ? -what->top : 0, what->top, from, to, false, label};
  if (what->is_signed)
    report_signed_bar(panel, &along, y, true);
  else
    report_colour_bar(panel, &along, y, true);
}

void report_draw_slices(report_figure *figure, const report_subject *subject, const report_slice_values *what) {
  report_slices slices;
  char description[400];
  if (!report_choose_slices(&slices, subject)) {
    report_print(&figure->missing, " The voxel coordinates of %s span more than a volume: no map.", subject->shown);
    return;
  }
  describe(description, sizeof description, &slices, subject, what);
  double height = FIRST_ROW + BAR;
  for (int axis = 0; axis < 3; axis++) height += row_height(&slices, axis);
  height = ceil(height); /* whole pixels, as HTML attributes must be */
  report_panel *panel = report_figure_panel(figure, REPORT_PANEL_WIDTH, height, what->title, description);
  if (!panel) return;
  report_table *table = &figure->tables[figure->table_count++];
  start_table(table, subject, what);
  report_bold_words(panel, MARGIN, 16, REPORT_LEFT, REPORT_INK, 12.5, what->title);
  double y = FIRST_ROW;
  for (int axis = 0; axis < 3; axis++) {
    draw_direction(panel, table, &slices, subject, axis, y, what);
    y += row_height(&slices, axis);
  }
  draw_bar(panel, y + 4, what);
}
