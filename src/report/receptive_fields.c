/* Receptive fields of the voxels of early visual regions. */
#include <math.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/text.h"
#include "report/figure.h"

#define CELL (REPORT_PANEL_WIDTH / 2)
#define FIRST_ROW 26.0
#define RADIUS 66.0
#define ROW (2 * RADIUS + 44)
#define REGIONS 4
#define DOT 2.2

static const char *const names[REGIONS] = {"V1", "V2", "V3", "hV4"};

enum { VOXELS, KNOWN, BEYOND, QUARTER, MEDIAN, THREE_QUARTERS, ANGLES, COLUMNS = ANGLES + 4 };

/* A voxel that is not visual has no receptive field: NaN, or an eccentricity of 0 with an angle of 0. */
static bool is_known(const report_subject *subject, size_t voxel) {
  double eccentricity = subject->eccentricity[voxel], angle = subject->angle[voxel];
  return isfinite(eccentricity) && isfinite(angle) && eccentricity >= 0 && (eccentricity > 0 || angle != 0);
}

/* The outer radius of the plots, the same for all: one voxel in a hundred of a region may lie beyond. */
static double rim_of(const report_data *data, bool *failed) {
  double rim = 0;
  for (size_t i = 0; i < data->count; i++)
    for (size_t j = 0; j < REGIONS; j++) {
      const report_subject *subject = &data->subjects[i];
      const report_region *region = report_find_region(subject, names[j]);
      if (!region || !subject->eccentricity || !subject->angle) continue;
      double *known = base_alloc(region->count, sizeof *known, NULL);
      *failed |= !known;
      if (!known) return 1;
      size_t count = 0;
      for (size_t k = 0; k < region->count; k++)
        if (is_known(subject, region->voxels[k])) known[count++] = subject->eccentricity[region->voxels[k]];
      count = report_sort(known, count, known);
      if (count) rim = fmax(rim, report_quantile(known, count, 0.99));
      base_free(known);
    }
  if (!(rim > 0)) return 1;
  double step = report_step(0, rim, 5);
  return ceil(rim / step - 1e-9) * step;
}

/* Fills the row of one region and collects its dots, whose number is returned. */
static size_t collect(const report_subject *subject, const report_region *region, double rim, double x, double y,
                      double *row, report_point *points, double *known) {
  size_t count = 0, drawn = 0;
  for (size_t i = 0; i < region->count; i++) {
    size_t voxel = region->voxels[i];
    if (!is_known(subject, voxel)) continue;
    double eccentricity = subject->eccentricity[voxel], angle = subject->angle[voxel];
    double turned = fmod(fmod(angle, 360) + 360, 360);
    known[count++] = eccentricity;
    row[ANGLES + (int)fmin(floor(turned / 90), 3)]++;
    if (eccentricity > rim) continue;
    double distance = eccentricity / rim * RADIUS, radians = turned * 3.14159265358979323846 / 180;
    points[drawn++] = (report_point){x + distance * cos(radians), y - distance * sin(radians)};
  }
  row[KNOWN] = (double)count;
  row[BEYOND] = (double)(count - drawn);
  count = report_sort(known, count, known);
  for (int i = 0; i < 3; i++) row[QUARTER + i] = report_quantile(known, count, 0.25 * (i + 1));
  return drawn;
}

static void draw_field(report_panel *panel, double x, double y, const char *name, double rim, bool labels) {
  static const char *const angles[] = {"0\xC2\xB0", "90\xC2\xB0", "180\xC2\xB0", "270\xC2\xB0"};
  double ticks[REPORT_TICKS];
  char text[32], label[48];
  const report_axis outwards = {0, rim, 0, RADIUS, false, ""};
  size_t count = report_ticks(&outwards, 4, ticks);
  for (size_t i = 0; i < count; i++)
    if (ticks[i] > 0) report_circle(panel, x, y, report_place(&outwards, ticks[i]), REPORT_GRID, 1);
  report_line(panel, x - RADIUS, y, x + RADIUS, y, REPORT_GRID, 1, false);
  report_line(panel, x, y - RADIUS, x, y + RADIUS, REPORT_GRID, 1, false);
  report_bold_words(panel, x - RADIUS - 12, y - RADIUS + 4, REPORT_LEFT, REPORT_INK, REPORT_FONT, name);
  report_words(panel, x + RADIUS + 3, y + 4, REPORT_LEFT, REPORT_SOFT, 9, angles[0]);
  report_words(panel, x, y - RADIUS - 3, REPORT_MIDDLE, REPORT_SOFT, 9, angles[1]);
  if (!labels) return;
  double inner = count > 1 && ticks[0] == 0 ? ticks[1] : rim;
  int length = base_print(label, sizeof label, "rings: %s\xC2\xB0", report_tick_text(inner, text));
  base_print(label + length, sizeof label - (size_t)length, " apart, rim %s\xC2\xB0", report_tick_text(rim, text));
  report_words(panel, x + RADIUS + 12, y + RADIUS + 8, REPORT_RIGHT, REPORT_SOFT, 9, label);
}

static void start_table(report_table *table, const report_subject *subject) {
  static const char *const columns[] = {"voxels",
                                        "with a receptive field",
                                        "beyond the rim",
                                        "eccentricity, 25%",
                                        "median",
                                        "75%",
                                        "angle 0\xE2\x80\x93"
                                        "90\xC2\xB0",
                                        "90\xE2\x80\x93"
                                        "180\xC2\xB0",
                                        "180\xE2\x80\x93"
                                        "270\xC2\xB0",
                                        "270\xE2\x80\x93"
                                        "360\xC2\xB0"};
  char caption[64];
  base_print(caption, sizeof caption, "%s: receptive fields", subject->shown);
  report_table_start(table, caption, 1, (const char *const[]){"Region"}, COLUMNS);
  for (size_t i = 0; i < COLUMNS; i++)
    report_table_column(table, i, i >= QUARTER && i <= THREE_QUARTERS ? 2 : REPORT_COUNT, "%s", columns[i]);
}

static void draw_region(report_panel *panel, report_table *table, const report_subject *subject, size_t index,
                        double rim) {
  const report_region *region = report_find_region(subject, names[index]);
  size_t column = index % 2, line = index / 2;
  double x = CELL * ((double)column + 0.5), y = FIRST_ROW + 16 + RADIUS + (double)line * ROW;
  draw_field(panel, x, y, names[index], rim, index == REGIONS - 1);
  double *row = report_table_row(table, (const char *const[]){names[index]});
  if (!region) report_words(panel, x, y - 6, REPORT_MIDDLE, REPORT_INK, REPORT_FONT, "no such region");
  if (!row || !region) return;
  report_point *points = base_alloc(region->count, sizeof *points, NULL);
  double *known = base_alloc(region->count, sizeof *known, NULL);
  panel->failed |= !points || !known;
  if (points && known) {
    for (size_t i = 0; i < COLUMNS; i++) row[i] = i >= QUARTER && i <= THREE_QUARTERS ? NAN : 0;
    row[VOXELS] = (double)region->count;
    size_t count = collect(subject, region, rim, x, y, row, points, known);
    if (!(row[KNOWN] > 0)) report_words(panel, x, y - 6, REPORT_MIDDLE, REPORT_INK, REPORT_FONT, "none known");
    report_dots(panel, points, count, report_subject_role(subject->number), DOT);
  }
  base_free(points);
  base_free(known);
}

static void describe(report_text *text, const report_table *table) {
  for (size_t row = 0; row < table->rows; row++) {
    double known = report_table_number(table, row, KNOWN), median = report_table_number(table, row, MEDIAN);
    report_print(text, "%s%s: ", row ? "; " : "", report_table_word(table, row, 0));
    if (known > 0)
      report_print(text, "%.0f voxels, median eccentricity %.2f degrees", known, median);
    else
      report_put(text, "none");
  }
}

static void draw_panel(report_figure *figure, const report_subject *subject, double rim) {
  char title[32];
  report_text description = {0};
  base_print(title, sizeof title, "%s", subject->shown);
  report_panel *panel = report_figure_panel(figure, REPORT_PANEL_WIDTH, FIRST_ROW + 2 * ROW, title, NULL);
  if (!panel) return;
  report_table *table = &figure->tables[figure->table_count++];
  start_table(table, subject);
  report_bold_words(panel, 8, 16, REPORT_LEFT, REPORT_INK, 12.5, title);
  for (size_t i = 0; i < REGIONS; i++) draw_region(panel, table, subject, i, rim);
  if (!table->failed) describe(&description, table);
  report_panel_describe(panel, description.bytes);
  figure->failed |= description.failed;
  report_text_free(&description);
}

void report_draw_receptive_fields(report_figure *figure, const report_data *data) {
  report_figure_start(figure, "receptive_fields", "Receptive fields", 3, false);
  report_put(&figure->caption,
             "One dot a voxel: its distance from the centre is the eccentricity, its direction the polar "
             "angle, counted from the right against the clock, as the metadata have them. Which meridian "
             "the metadata count from is not documented. Dots beyond the rim are left out and counted.");
  report_figure_lacking(figure, data, offsetof(report_subject, eccentricity), "eccentricities of receptive fields");
  report_figure_lacking(figure, data, offsetof(report_subject, angle), "polar angles of receptive fields");
  bool any = false;
  for (size_t i = 0; i < data->count; i++)
    for (size_t j = 0; j < REGIONS; j++) any |= report_find_region(&data->subjects[i], names[j]) != NULL;
  if (!any) report_put(&figure->missing, " None of V1, V2, V3 and hV4 is among the regions.");
  if (!any) return;
  double rim = rim_of(data, &figure->failed);
  for (size_t i = 0; i < data->count; i++)
    if (data->subjects[i].eccentricity && data->subjects[i].angle) draw_panel(figure, &data->subjects[i], rim);
}
