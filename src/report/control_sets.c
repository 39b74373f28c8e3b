/* Multivariate control: how the search went, generation by generation. */
#include <math.h>

#include "base/memory.h"
#include "base/text.h"
#include "report/control.h"

#define HEIGHT 270.0
#define LEFT 46.0
#define RIGHT (REPORT_PANEL_WIDTH - 12)
#define TOP 30.0
#define BOTTOM 224.0

static void widen(const cJSON *curve, double *low, double *high) {
  const cJSON *number;
  cJSON_ArrayForEach(number, curve) if (cJSON_IsNumber(number)) {
    *low = fmin(*low, number->valuedouble);
    *high = fmax(*high, number->valuedouble);
  }
}

static void draw_curve(report_panel *panel, const cJSON *curve, const report_axis *along, const report_axis *up,
                       report_role role, bool dashed) {
  const size_t most = (size_t)cJSON_GetArraySize(curve);
  report_point *points = base_alloc(most, sizeof *points, NULL);
  const cJSON *number;
  size_t count = 0;
  double generation = 0;
  panel->failed |= !points;
  if (!points) return;
  cJSON_ArrayForEach(number, curve) {
    generation++;
    if (cJSON_IsNumber(number))
      points[count++] = (report_point){report_place(along, generation), report_place(up, number->valuedouble)};
  }
  if (count) report_curve(panel, points, count, role, 1.4, dashed);
  base_free(points);
}

/* The goal's place in every fold. */
static void draw_goal(report_control *control, const cJSON *goal, int place) {
  report_panel *panel = &control->panels[control->count++];
  const cJSON *curve = report_control_at(goal, "curve"), *fold, *folds = report_control_at(control->pair, "left_out");
  const cJSON *baseline = report_control_at(report_control_at(control->pair, "baseline"), "score");
  const char *name = cJSON_GetStringValue(report_control_at(goal, "name"));
  const double level = cJSON_IsNumber(baseline) ? baseline->valuedouble : 0;
  double low = fmin(0, level), high = fmax(0.1, level);
  char description[160];
  widen(curve, &low, &high);
  cJSON_ArrayForEach(fold, folds) widen(
      report_control_at(cJSON_GetArrayItem(report_control_at(fold, "conditions"), place), "curve_tested"), &low, &high);
  base_print(description, sizeof description,
             "correlation of the regions' similarities from %.3f to %.3f in %d "
             "generations; of a typical random set %.3f",
             report_control_number(curve, 0), report_control_number(curve, cJSON_GetArraySize(curve) - 1),
             cJSON_GetArraySize(curve), level);
  report_panel_start(panel, REPORT_PANEL_WIDTH, HEIGHT, name ? name : "", description);
  const report_axis along = {0, (double)cJSON_GetArraySize(curve), LEFT, RIGHT, false, "generation"},
                    up = {low, high, BOTTOM, TOP, false, "r of similarities"};
  report_bold_words(panel, LEFT, 16, REPORT_LEFT, REPORT_INK, 12.5, name ? name : "");
  report_left_axis(panel, &up, LEFT, RIGHT);
  report_bottom_axis(panel, &along, TOP, BOTTOM);
  report_line(panel, LEFT, report_place(&up, level), RIGHT, report_place(&up, level), REPORT_INK, 1, true);
  cJSON_ArrayForEach(fold, folds) draw_curve(
      panel, report_control_at(cJSON_GetArrayItem(report_control_at(fold, "conditions"), place), "curve_tested"),
      &along, &up, report_subject_role(2), false);
  draw_curve(panel, curve, &along, &up, report_subject_role(1), false);
}

berg_status report_draw_control_sets(report_control *control, berg_error *error) {
  const cJSON *goal;
  int place = 0;
  control->key = report_control_at(control->pair, "left_out")
                     ? "blue: the best set by all subjects; vermilion: that by the others, in each subject left out; "
                       "dashed: a typical random set"
                     : "blue: the best set; dashed: a typical random set";
  cJSON_ArrayForEach(goal, report_control_at(control->pair, "conditions")) {
    if (control->count == REPORT_CONTROL_PANELS || !cJSON_GetArraySize(report_control_at(goal, "curve")))
      return base_fail(error, BERG_EINPUT, "the JSON is not berg_control's: its conditions have no curves");
    draw_goal(control, goal, place++);
  }
  return control->count ? BERG_OK
                        : base_fail(error, BERG_EINPUT, "the JSON is not berg_control's: it has no conditions");
}
