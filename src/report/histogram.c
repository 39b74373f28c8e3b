/* Histograms of accuracy and of noise ceilings over the voxels, or over the vertices of each hemisphere. */
#include <math.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/text.h"
#include "report/bins.h"
#include "report/figure.h"
#include "report/kind.h"

#define HEIGHT 250.0
#define LEFT 42.0
#define RIGHT (REPORT_PANEL_WIDTH - 12)
#define TOP 30.0
#define BOTTOM 206.0

typedef struct distribution {
  const char *title, *label;
  size_t offset; /* of the values in report_subject */
  double width;
  int decimals;
  double least, most; /* what the numbers can be */
  int side;           /* of vertices: 0 those of the left hemisphere, 1 of the right; ALL */
} distribution;

#define ALL (-1)

static const distribution distributions[] = {
    {"Accuracy", "Pearson\xE2\x80\x99s r", offsetof(report_subject, accuracy), 0.025, 3, -1, 1, ALL},
    {"Noise ceiling", "ceiling, % of variance", offsetof(report_subject, ceiling), 2.5, 1, 0, 100, ALL},
};

static const distribution hemispheres[] = {
    {"Accuracy, left hemisphere", "Pearson\xE2\x80\x99s r", offsetof(report_subject, accuracy), 0.025, 3, -1, 1, 0},
    {"Accuracy, right hemisphere", "Pearson\xE2\x80\x99s r", offsetof(report_subject, accuracy), 0.025, 3, -1, 1, 1},
    {"Noise ceiling, left hemisphere", "ceiling, % of variance", offsetof(report_subject, ceiling), 2.5, 1, 0, 100, 0},
    {"Noise ceiling, right hemisphere", "ceiling, % of variance", offsetof(report_subject, ceiling), 2.5, 1, 0, 100, 1},
};

static size_t count_of(const report_subject *subject, const distribution *what) {
  return what->side == ALL ? subject->voxels : subject->vertices[what->side];
}

static const double *values_of(const report_subject *subject, const distribution *what) {
  const double *values = report_values(subject, what->offset);
  return values && what->side == 1 ? values + subject->vertices[0] : values;
}

static report_bins bins_for(const report_data *data, const distribution *what) {
  double low = 0, high = what->most;
  for (size_t i = 0; i < data->count; i++) {
    const double *values = values_of(&data->subjects[i], what);
    for (size_t j = 0; values && j < count_of(&data->subjects[i], what); j++) low = fmin(low, values[j]);
  }
  return report_bins_over(fmax(low, what->least), high, what->width, 80);
}

enum { FROM, TO, SUBJECTS };

static void fill_table(report_table *table, const report_data *data, const distribution *what) {
  const report_bins bins = bins_for(data, what);
  char caption[96], head[48];
  base_print(caption, sizeof caption, "%s: %s in each bin", what->title, data->kind->units);
  report_table_start(table, caption, 1, (const char *const[]){"Bin"}, SUBJECTS + data->count);
  report_table_column(table, FROM, what->decimals, "from");
  report_table_column(table, TO, what->decimals, "to");
  for (size_t i = 0; i < data->count; i++)
    report_table_column(table, SUBJECTS + i, REPORT_COUNT, "%s", data->subjects[i].shown);
  for (size_t row = 0; row < bins.count; row++) {
    base_print(head, sizeof head, "%zu", row + 1);
    double *numbers = report_table_row(table, (const char *const[]){head});
    if (!numbers) return;
    numbers[FROM] = report_bin_edge(&bins, row);
    numbers[TO] = report_bin_edge(&bins, row + 1);
    for (size_t i = 0; i < data->count; i++)
      if (values_of(&data->subjects[i], what)) numbers[SUBJECTS + i] = 0;
  }
  for (size_t i = 0; i < data->count; i++) {
    const double *values = values_of(&data->subjects[i], what);
    for (size_t j = 0; values && j < count_of(&data->subjects[i], what); j++) {
      size_t bin = report_bin_of(&bins, values[j]);
      if (bin != REPORT_NO_BIN) table->numbers[bin * table->columns + SUBJECTS + i]++;
    }
  }
}

/* The outline of one subject's bins; empty ones rest on the base line. */
static void draw_outline(report_panel *panel, const report_table *table, size_t column, const report_axis *along,
                         const report_axis *up, report_role role) {
  report_point *points = base_alloc(2 * table->rows + 2, sizeof *points, NULL);
  size_t count = 0;
  panel->failed |= !points;
  if (!points) return;
  for (size_t row = 0; row < table->rows; row++) {
    double voxels = report_table_number(table, row, column), y = voxels > 0 ? report_place(up, voxels) : up->from;
    if (!row) points[count++] = (report_point){report_place(along, report_table_number(table, row, FROM)), up->from};
    points[count++] = (report_point){report_place(along, report_table_number(table, row, FROM)), y};
    points[count++] = (report_point){report_place(along, report_table_number(table, row, TO)), y};
  }
  points[count] = (report_point){points[count - 1].x, up->from};
  report_path(panel, points, count + 1, role, 1.8, false);
  base_free(points);
}

static void describe(report_text *text, const report_data *data, const distribution *what) {
  for (size_t i = 0; i < data->count; i++) {
    const report_subject *subject = &data->subjects[i];
    const double *values = values_of(subject, what);
    double *sorted = values ? base_alloc(count_of(subject, what), sizeof *sorted, NULL) : NULL;
    text->failed |= values && !sorted;
    if (!sorted) continue;
    const size_t count = report_sort(values, count_of(subject, what), sorted);
    report_print(text, "%s%s: %zu %s", text->length ? "; " : "", subject->shown, count, data->kind->units);
    if (count)
      report_print(text, ", median %.3g, a tenth above %.3g, highest %.3g", report_quantile(sorted, count, 0.5),
                   report_quantile(sorted, count, 0.9), sorted[count - 1]);
    base_free(sorted);
  }
}

static void draw_panel(report_figure *figure, const report_data *data, const report_table *table,
                       const distribution *what) {
  report_text description = {0};
  double high = 2;
  for (size_t row = 0; row < table->rows; row++)
    for (size_t i = 0; i < data->count; i++) high = fmax(high, report_table_number(table, row, SUBJECTS + i));
  describe(&description, data, what);
  report_panel *panel = report_figure_panel(figure, REPORT_PANEL_WIDTH, HEIGHT, what->title, description.bytes);
  figure->failed |= description.failed;
  report_text_free(&description);
  if (!panel) return;
  const report_axis along = {report_table_number(table, 0, FROM),
                             report_table_number(table, table->rows - 1, TO),
                             LEFT,
                             RIGHT,
                             false,
                             what->label};
  /* from 0.7, so that a single voxel stands above the base line */
  const report_axis up = {0.7, 1.3 * high, BOTTOM, TOP, true, data->kind->units};
  report_bold_words(panel, LEFT, 16, REPORT_LEFT, REPORT_INK, 12.5, what->title);
  report_left_axis(panel, &up, LEFT, RIGHT);
  report_bottom_axis(panel, &along, TOP, BOTTOM);
  for (size_t i = 0; i < data->count; i++)
    if (values_of(&data->subjects[i], what))
      draw_outline(panel, table, SUBJECTS + i, &along, &up, report_subject_role(data->subjects[i].number));
  report_line(panel, LEFT, BOTTOM, RIGHT, BOTTOM, REPORT_SOFT, 1, false);
}

static void draw(report_figure *figure, const report_data *data, const distribution *kinds, size_t count) {
  report_figure_lacking(figure, data, offsetof(report_subject, accuracy), "accuracy");
  report_figure_lacking(figure, data, offsetof(report_subject, ceiling), "noise ceilings");
  for (size_t i = 0; i < count; i++) {
    if (!report_knows(data, kinds[i].offset)) continue;
    report_table *table = &figure->tables[figure->table_count++];
    fill_table(table, data, &kinds[i]);
    if (table->failed) return;
    draw_panel(figure, data, table, &kinds[i]);
  }
}

void report_draw_distributions(report_figure *figure, const report_data *data) {
  report_figure_start(figure, "distributions", "Distributions over voxels", 2, true);
  report_put(&figure->caption,
             "Voxels in each bin, on a logarithmic scale: most voxels of a brain are not visual, and the "
             "few that are should be seen. A bin holds its lower edge and not its upper one; the last "
             "holds both.");
  draw(figure, data, distributions, sizeof distributions / sizeof *distributions);
}

void report_draw_hemispheres(report_figure *figure, const report_data *data) {
  report_figure_start(figure, "distributions", "Distributions over the vertices of each hemisphere", 2, true);
  report_put(&figure->caption,
             "Vertices in each bin, on a logarithmic scale: most of a hemisphere is not visual, and the few "
             "vertices that are should be seen. A bin holds its lower edge and not its upper one; the last "
             "holds both.");
  draw(figure, data, hemispheres, sizeof hemispheres / sizeof *hemispheres);
}
