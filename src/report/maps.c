/* Maps of accuracy, ceiling and their relation on slices in three directions. */
#include <math.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/text.h"
#include "report/figure.h"
#include "report/scale.h"
#include "report/slices.h"

#define MARGIN 8.0
#define CELL ((REPORT_PANEL_WIDTH - 2 * MARGIN) / REPORT_SLICES)
#define FIRST_ROW 28.0
#define LABEL 20.0 /* below each slice */
#define BAR 50.0

typedef enum report_map { REPORT_MAP_ACCURACY, REPORT_MAP_CEILING, REPORT_MAP_SHARE } report_map;

typedef struct map_kind {
  const char *id, *title, *what, *label;
  size_t offset;
  int decimals;
  double top; /* of the scale; 0: by the data, not above most */
  double most;
} map_kind;

static const map_kind kinds[] = {
    [REPORT_MAP_ACCURACY] = {"map_accuracy", "Map of accuracy", "accuracy", "accuracy, r",
                             offsetof(report_subject, accuracy), 3, 0, 1},
    [REPORT_MAP_CEILING] = {"map_ceiling", "Map of the noise ceiling", "noise ceilings", "ceiling, % of variance",
                            offsetof(report_subject, ceiling), 1, 0, 100},
    [REPORT_MAP_SHARE] = {"map_share", "Map of the share of the ceiling", "accuracy with ceilings to hold it against",
                          "explained, % of the ceiling", offsetof(report_subject, share), 1, 100, 100},
};

static const double *values_of(const report_subject *subject, report_map map) {
  return map == REPORT_MAP_ACCURACY ? subject->accuracy : map == REPORT_MAP_CEILING ? subject->ceiling : subject->share;
}

static double top_of_scale(const report_data *data, report_map map) {
  return kinds[map].top > 0 ? kinds[map].top : report_scale_end(data, map == REPORT_MAP_CEILING, kinds[map].most);
}

enum { VOXELS, MISSING, LOWEST, MEAN, HIGHEST, ABOVE, COLUMNS };

static void start_table(report_table *table, const report_subject *subject, report_map map) {
  static const char *const names[] = {"voxels", "without value", "lowest", "mean", "highest", "above the scale"};
  char caption[96];
  base_print(caption, sizeof caption, "%s: %s, slice by slice", subject->shown, kinds[map].label);
  report_table_start(table, caption, 1, (const char *const[]){"Slice"}, COLUMNS);
  for (size_t i = 0; i < COLUMNS; i++)
    report_table_column(table, i, i >= LOWEST && i <= HIGHEST ? kinds[map].decimals : REPORT_COUNT, "%s", names[i]);
}

static void count_voxel(double *row, double value, double top) {
  row[VOXELS]++;
  row[MISSING] += isnan(value);
  row[ABOVE] += value > top;
  row[LOWEST] = fmin(row[LOWEST], value);
  row[HIGHEST] = fmax(row[HIGHEST], value);
  if (!isnan(value)) row[MEAN] = (isnan(row[MEAN]) ? 0 : row[MEAN]) + value;
}

/* Draws one slice into `pixels`, and its row of the table. */
static void make_slice(uint32_t *pixels, double *row, const report_slices *slices, const report_subject *subject,
                       int axis, double at, const double *values, double top) {
  row[VOXELS] = row[MISSING] = row[ABOVE] = 0;
  for (size_t i = 0; i < subject->voxels; i++) {
    if (subject->coordinates[axis][i] != at) continue;
    size_t pixel = report_slice_pixel(slices, subject, axis, i);
    int right, up;
    report_slice_axes(axis, &right, &up);
    size_t columns = slices->extent[right];
    pixels[pixel] = isnan(values[i]) ? REPORT_NO_VALUE(pixel / columns + pixel % columns)
                                     : 0xFF000000 | report_scale_colour(values[i] / top);
    count_voxel(row, values[i], top);
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
                           const report_subject *subject, int axis, double y, report_map map, double top) {
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
      make_slice(pixels, row, slices, subject, axis, slices->at[axis][i], values_of(subject, map), top);
      report_image(panel, middle - width / 2, y, width, height, pixels, columns, rows);
      report_words(panel, middle, y + height + 13, REPORT_MIDDLE, REPORT_SOFT, REPORT_FONT, label);
    }
    base_free(pixels);
  }
}

static void draw_panel(report_figure *figure, const report_subject *subject, report_map map, double top) {
  const map_kind *kind = &kinds[map];
  report_slices slices;
  char title[32], description[256];
  if (!report_choose_slices(&slices, subject)) {
    report_print(&figure->missing, " The voxel coordinates of %s span more than a volume: no map.", subject->shown);
    return;
  }
  size_t missing;
  double mean = report_mean(values_of(subject, map), NULL, subject->voxels, &missing);
  base_print(title, sizeof title, "%s", subject->shown);
  int length =
      base_print(description, sizeof description,
                 "%s on %zu slices across x, %zu across y, %zu across z; colours from 0 to %g; %zu of %zu voxels "
                 "have no value",
                 kind->label, slices.count[0], slices.count[1], slices.count[2], top, missing, subject->voxels);
  if (!isnan(mean))
    base_print(description + length, sizeof description - (size_t)length, ", the others\xE2\x80\x99 mean is %.3g",
               mean);
  double height = FIRST_ROW + BAR;
  for (int axis = 0; axis < 3; axis++) height += row_height(&slices, axis);
  height = ceil(height); /* whole pixels, as HTML attributes must be */
  report_panel *panel = report_figure_panel(figure, REPORT_PANEL_WIDTH, height, title, description);
  if (!panel) return;
  report_table *table = &figure->tables[figure->table_count++];
  start_table(table, subject, map);
  report_bold_words(panel, MARGIN, 16, REPORT_LEFT, REPORT_INK, 12.5, title);
  double y = FIRST_ROW;
  for (int axis = 0; axis < 3; axis++) {
    draw_direction(panel, table, &slices, subject, axis, y, map, top);
    y += row_height(&slices, axis);
  }
  const report_axis along = {0, top, MARGIN + 12, REPORT_PANEL_WIDTH - 78, false, kind->label};
  report_colour_bar(panel, &along, y + 4, true);
}

/* In full at the first map that is drawn. */
static void put_slices(report_text *caption, const report_data *data, report_map map) {
  bool first = map == REPORT_MAP_ACCURACY;
  if (map == REPORT_MAP_CEILING) first = !report_knows(data, kinds[REPORT_MAP_ACCURACY].offset);
  if (!first) {
    report_put(caption, "The same slices as above.");
    return;
  }
  report_put(caption,
             "Slices across x, y and z, in indices of the functional volume; which side is left the metadata do not "
             "say. They lie where the model explains most: of the sum of r\xC2\xB2 over voxels a quarter, a half "
             "and three quarters lie before the three (without accuracy: of the sum of the ceilings). Numbers "
             "beyond the scale take the colour of its end; voxels without a value are chequered.");
}

static void draw_map(report_figure *figure, const report_data *data, report_map map) {
  const map_kind *kind = &kinds[map];
  report_figure_start(figure, kind->id, kind->title, 3, false);
  put_slices(&figure->caption, data, map);
  if (map == REPORT_MAP_SHARE)
    report_put(&figure->caption, " The share is 100 max(r, 0)\xC2\xB2 / (ceiling / 100), with the ceiling of the test "
                                 "set\xE2\x80\x99s means; without a value where the ceiling is 0.");
  report_figure_lacking(figure, data, kind->offset, kind->what);
  if (!report_knows(data, kind->offset)) return;
  double top = top_of_scale(data, map);
  for (size_t i = 0; i < data->count; i++)
    if (values_of(&data->subjects[i], map)) draw_panel(figure, &data->subjects[i], map, top);
}

void report_draw_accuracy_map(report_figure *figure, const report_data *data) {
  draw_map(figure, data, REPORT_MAP_ACCURACY);
}

void report_draw_ceiling_map(report_figure *figure, const report_data *data) {
  draw_map(figure, data, REPORT_MAP_CEILING);
}

void report_draw_share_map(report_figure *figure, const report_data *data) { draw_map(figure, data, REPORT_MAP_SHARE); }
