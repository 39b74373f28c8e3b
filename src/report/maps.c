/* Maps of accuracy, ceiling and their relation on slices in three directions. */
#include <stddef.h>

#include "report/figure.h"
#include "report/scale.h"
#include "report/slice_panel.h"

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

static void draw_panel(report_figure *figure, const report_subject *subject, report_map map, double top) {
  const report_slice_values what = {.values = values_of(subject, map),
                                    .title = subject->shown,
                                    .label = kinds[map].label,
                                    .decimals = kinds[map].decimals,
                                    .top = top};
  report_draw_slices(figure, subject, &what);
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
