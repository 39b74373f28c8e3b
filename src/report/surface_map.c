/* Maps of accuracy, ceiling and their relation on the surfaces that the user named. */
#include <math.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/text.h"
#include "report/figure.h"
#include "report/kind.h"
#include "report/scale.h"
#include "report/surface_view.h"

#define MARGIN 8.0
#define GAP 6.0
#define CELL ((REPORT_PANEL_WIDTH - 2 * MARGIN - GAP) / 2)
#define PIXELS 326 /* of a view's width, two for each of CELL */
#define FIRST_ROW 28.0
#define LABEL 18.0 /* above each view */
#define BAR 50.0
#define VIEWS 2
#define GREY 0xFF9AA1A9u /* what the scale does not have */

typedef struct surface_map {
  const char *id, *title, *what, *label;
  size_t offset, ceiling; /* where a subject has the numbers, and their ceilings */
  double top;             /* of the scale; 0: by the data, not above most */
  double most;
  bool of_ceilings;
  double least_ceiling; /* percent: grey below; 0: none is */
  int decimals;
} surface_map;

enum { VERTICES, MISSING, BELOW, LOWEST, MEAN, HIGHEST, ABOVE, COLUMNS };

/* A hemisphere's part of a subject's list. */
static const double *part_of(const report_subject *subject, size_t offset, size_t side) {
  const double *values = report_values(subject, offset);
  return values && side ? values + subject->vertices[0] : values;
}

static bool is_below(const surface_map *kind, const double *ceiling, size_t vertex) {
  return kind->least_ceiling > 0 && !(ceiling && ceiling[vertex] >= kind->least_ceiling);
}

static void fill_row(double *row, const surface_map *kind, const report_subject *subject, size_t side, double top) {
  const double *values = part_of(subject, kind->offset, side), *ceiling = part_of(subject, kind->ceiling, side);
  double sum = 0;
  row[VERTICES] = (double)subject->vertices[side];
  row[MISSING] = row[BELOW] = row[ABOVE] = 0;
  for (size_t v = 0; v < subject->vertices[side]; v++) {
    const bool is_missing = isnan(values[v]), below = !is_missing && is_below(kind, ceiling, v);
    row[MISSING] += is_missing;
    row[BELOW] += below;
    if (is_missing || below) continue;
    row[LOWEST] = fmin(row[LOWEST], values[v]);
    row[HIGHEST] = fmax(row[HIGHEST], values[v]);
    row[ABOVE] += values[v] > top;
    sum += values[v];
  }
  row[MEAN] = sum / (row[VERTICES] - row[MISSING] - row[BELOW]);
}

static void fill_table(report_table *table, const surface_map *kind, const report_subject *subject, double top) {
  static const char *const names[] = {"vertices", "without value", "below the least ceiling", "lowest",
                                      "mean",     "highest",       "above the scale"};
  static const char *const sides[] = {"left", "right"};
  char caption[96];
  base_print(caption, sizeof caption, "%s: %s", subject->shown, kind->label);
  report_table_start(table, caption, 1, (const char *const[]){"Hemisphere"}, COLUMNS);
  for (size_t i = 0; i < COLUMNS; i++)
    report_table_column(table, i, i >= LOWEST && i <= HIGHEST ? kind->decimals : REPORT_COUNT, "%s", names[i]);
  for (size_t side = 0; side < REPORT_HEMISPHERES; side++) {
    double *row = report_table_row(table, (const char *const[]){sides[side]});
    if (row) fill_row(row, kind, subject, side, top);
  }
}

/* What is seen of both hemispheres, the same for all subjects. */
typedef struct views {
  report_view view;
  bool flat[REPORT_HEMISPHERES];             /* one view, else two */
  uint32_t *seen[REPORT_HEMISPHERES][VIEWS]; /* vertices [rows][columns] of the view */
} views;

static bool make_views(views *made, const report_data *data) {
  bool good = true;
  made->view = report_view_for(data->surfaces, REPORT_HEMISPHERES, PIXELS);
  for (size_t hemisphere = 0; hemisphere < REPORT_HEMISPHERES; hemisphere++) {
    const io_geometry *surface = data->surfaces[hemisphere];
    const bool flat = made->flat[hemisphere] = report_is_flat(surface);
    for (size_t i = 0; i < (flat ? 1 : VIEWS) && good; i++) {
      uint32_t *seen = base_alloc(made->view.columns * made->view.rows, sizeof *seen, NULL);
      made->seen[hemisphere][i] = seen;
      good = seen && report_trace_view(seen, &made->view, surface, !hemisphere,
                                       flat ? REPORT_FLAT
                                       : i  ? REPORT_INNER
                                            : REPORT_OUTER);
    }
  }
  return good;
}

static void release_views(views *made) {
  for (size_t i = 0; i < REPORT_HEMISPHERES * VIEWS; i++) base_free(made->seen[i / VIEWS][i % VIEWS]);
}

static uint32_t colour_of(const surface_map *kind, const double *values, const double *ceiling, size_t vertex,
                          double top) {
  const bool has_none = isnan(values[vertex]) || is_below(kind, ceiling, vertex);
  return has_none ? GREY : 0xFF000000 | report_scale_colour(values[vertex] / top);
}

static double view_height(const report_view *view) { return (double)view->rows * CELL / PIXELS; }

static void draw_view(report_panel *panel, const surface_map *kind, const report_subject *subject, const views *made,
                      size_t hemisphere, size_t index, double top) {
  static const char *const sides[] = {"left", "right"}, *const names[VIEWS] = {"lateral", "medial"};
  const double *values = part_of(subject, kind->offset, hemisphere),
               *ceiling = part_of(subject, kind->ceiling, hemisphere), height = view_height(&made->view);
  const double x = MARGIN + (double)hemisphere * (CELL + GAP), y = FIRST_ROW + (double)index * (LABEL + height + GAP);
  const uint32_t *seen = made->seen[hemisphere][index];
  const size_t count = made->view.columns * made->view.rows;
  char label[48];
  uint32_t *pixels = base_calloc(count, sizeof *pixels, NULL);
  panel->failed |= !pixels;
  if (!pixels) return;
  for (size_t i = 0; i < count; i++)
    if (seen[i] != REPORT_NO_VERTEX) pixels[i] = colour_of(kind, values, ceiling, seen[i], top);
  base_print(label, sizeof label, "%s, %s", sides[hemisphere], made->flat[hemisphere] ? "flat" : names[index]);
  report_words(panel, x + CELL / 2, y + 12, REPORT_MIDDLE, REPORT_SOFT, REPORT_FONT, label);
  report_image(panel, x, y + LABEL, CELL, height, pixels, made->view.columns, made->view.rows);
  base_free(pixels);
}

static void describe(char *text, size_t room, const surface_map *kind, const report_table *table, double top) {
  static const char *const sides[] = {"left", "right"};
  int length = base_print(text, room, "%s on the surfaces of both hemispheres; colours from 0 to %g", kind->label, top);
  for (size_t side = 0; side < REPORT_HEMISPHERES; side++) {
    const double mean = report_table_number(table, side, MEAN);
    length += isnan(mean)
                  ? base_print(text + length, room - (size_t)length, "; on the %s there is no value", sides[side])
                  : base_print(text + length, room - (size_t)length, "; the mean on the %s is %.3g", sides[side], mean);
  }
}

static void draw_panel(report_figure *figure, const surface_map *kind, const report_subject *subject, const views *made,
                       double top) {
  const size_t rows = made->flat[0] && made->flat[1] ? 1 : VIEWS;
  const double below = FIRST_ROW + (LABEL + view_height(&made->view) + GAP) * (double)rows;
  const report_table *table = &figure->tables[figure->table_count - 1];
  char description[240];
  if (table->failed) return;
  describe(description, sizeof description, kind, table, top);
  report_panel *panel = report_figure_panel(figure, REPORT_PANEL_WIDTH, ceil(below + BAR), subject->shown, description);
  if (!panel) return;
  report_bold_words(panel, MARGIN, 16, REPORT_LEFT, REPORT_INK, 12.5, subject->shown);
  for (size_t i = 0; i < REPORT_HEMISPHERES * VIEWS; i++)
    if (made->seen[i / VIEWS][i % VIEWS]) draw_view(panel, kind, subject, made, i / VIEWS, i % VIEWS, top);
  const report_axis along = {0, top, MARGIN + 12, REPORT_PANEL_WIDTH - 20, false, kind->label};
  report_colour_bar(panel, &along, below + 4, false);
}

static void draw(report_figure *figure, const surface_map *kind, const report_data *data) {
  report_figure_start(figure, kind->id, kind->title, 3, false);
  figure->key = "grey: no value";
  report_put(&figure->caption,
             "Both hemispheres on the surfaces that were named, seen from outside and from the middle of the "
             "brain. Each vertex has its own colour; numbers beyond the scale take that of its end; grey is no "
             "value");
  if (kind->least_ceiling > 0) {
    figure->key = "grey: no value, or too low a ceiling";
    report_print(&figure->caption, ", or a noise ceiling below %g %%", kind->least_ceiling);
  }
  report_put(&figure->caption, ".");
  report_figure_lacking(figure, data, kind->offset, kind->what);
  if (!report_knows(data, kind->offset)) return;
  if (!data->surfaces[0])
    report_put(&figure->missing,
               " No surfaces to draw on were named (--surface lh.inflated,rh.inflated); none are shipped.");
  views made = {.flat = {false}};
  if (data->surfaces[0]) figure->failed |= !make_views(&made, data);
  const double top = kind->top > 0 ? kind->top : report_scale_end(data, kind->of_ceilings, kind->most);
  for (size_t i = 0; i < data->count && !figure->failed; i++) {
    if (!report_values(&data->subjects[i], kind->offset)) continue;
    fill_table(&figure->tables[figure->table_count++], kind, &data->subjects[i], top);
    if (data->surfaces[0]) draw_panel(figure, kind, &data->subjects[i], &made, top);
  }
  release_views(&made);
}

void report_draw_accuracy_surface(report_figure *figure, const report_data *data) {
  static const surface_map kind = {.id = "map_accuracy",
                                   .title = "Map of accuracy",
                                   .what = "accuracy",
                                   .label = "accuracy, r",
                                   .offset = offsetof(report_subject, accuracy),
                                   .ceiling = offsetof(report_subject, ceiling),
                                   .most = 1,
                                   .decimals = 4};
  draw(figure, &kind, data);
}

void report_draw_ceiling_surface(report_figure *figure, const report_data *data) {
  static const surface_map kind = {.id = "map_ceiling",
                                   .title = "Map of the noise ceiling",
                                   .what = "noise ceilings",
                                   .label = "ceiling, % of variance",
                                   .offset = offsetof(report_subject, ceiling),
                                   .ceiling = offsetof(report_subject, ceiling),
                                   .most = 100,
                                   .of_ceilings = true,
                                   .decimals = 2};
  draw(figure, &kind, data);
}

void report_draw_share_surface(report_figure *figure, const report_data *data) {
  static const surface_map kind = {.id = "map_share",
                                   .title = "Map of the share of the ceiling",
                                   .what = "accuracy with ceilings to hold it against",
                                   .label = "explained, % of the ceiling",
                                   .offset = offsetof(report_subject, share),
                                   .ceiling = offsetof(report_subject, ceiling),
                                   .top = 100,
                                   .most = 100,
                                   .least_ceiling = 10,
                                   .decimals = 2};
  draw(figure, &kind, data);
}

void report_draw_synthetic_surface(report_figure *figure, const report_data *data) {
  static const surface_map kind = {.id = "synthetic_share",
                                   .title = "Map of the share of the ceiling, NSD-synthetic",
                                   .what = "accuracy for NSD-synthetic with ceilings to hold it against",
                                   .label = "explained, % of the ceiling",
                                   .offset = offsetof(report_subject, synthetic.share),
                                   .ceiling = offsetof(report_subject, synthetic.ceiling),
                                   .top = 100,
                                   .most = 100,
                                   .least_ceiling = 30,
                                   .decimals = 2};
  draw(figure, &kind, data);
}
