/* Univariate control: where all images lie between two regions' responses, which were chosen, and what the subjects
 * left out answer to them. */
#include <math.h>

#include "base/memory.h"
#include "base/text.h"
#include "report/bins.h"
#include "report/control.h"

#define CONDITIONS 4
#define HEIGHT 366.0
#define LEFT 46.0
#define RIGHT (REPORT_PANEL_WIDTH - 12)
#define TOP 30.0
#define BOTTOM 284.0
#define CELLS ((size_t)72)

typedef struct responses {
  double *values[2];
  size_t count;
  double low, high;
} responses;

/* --- Responses --- */

static berg_status take_side(responses *all, const report_control *control, int side, berg_error *error) {
  const cJSON *region = report_control_region(control, side), *list = report_control_at(control->tree, "responses"),
              *number;
  int place = 0;
  for (const cJSON *before = region->prev; before && before->next; before = before->prev) place++;
  const cJSON *own = cJSON_GetArrayItem(list, place);
  const size_t count = (size_t)cJSON_GetArraySize(own);
  if (!count || (side && count != all->count))
    return base_fail(error, BERG_EINPUT,
                     "the JSON has no responses of all images: berg_control's option asks for them");
  all->values[side] = base_alloc(count, sizeof *all->values[side], error);
  if (!all->values[side]) return BERG_ELIMIT;
  all->count = 0;
  cJSON_ArrayForEach(number, own) {
    const double value = cJSON_IsNumber(number) ? number->valuedouble : 0;
    all->values[side][all->count++] = value;
    all->low = fmin(all->low, value);
    all->high = fmax(all->high, value);
  }
  return BERG_OK;
}

static void draw_cells(report_panel *panel, const responses *all, const report_axis *along, const report_axis *up) {
  uint32_t *pixels = base_calloc(CELLS * CELLS, sizeof *pixels, NULL), most = 1;
  const report_bins bins = {all->low, (all->high - all->low) / CELLS, CELLS};
  panel->failed |= !pixels;
  if (!pixels) return;
  for (size_t i = 0; i < all->count; i++) {
    const size_t x = report_bin_of(&bins, all->values[0][i]), y = report_bin_of(&bins, all->values[1][i]);
    if (x == REPORT_NO_BIN || y == REPORT_NO_BIN) continue;
    const uint32_t here = ++pixels[(CELLS - 1 - y) * CELLS + x];
    if (here > most) most = here;
  }
  for (size_t i = 0; i < CELLS * CELLS; i++)
    if (pixels[i])
      pixels[i] = 0xFF000000 | report_scale_colour(most > 1 ? log((double)pixels[i]) / log((double)most) : 1);
  report_image(panel, along->from, up->to, along->to - along->from, up->from - up->to, pixels, CELLS, CELLS);
  base_free(pixels);
}

static void draw_chosen(report_panel *panel, const report_control *control, const report_axis *along,
                        const report_axis *up) {
  const cJSON *condition;
  int index = 0;
  cJSON_ArrayForEach(condition, report_control_at(control->pair, "conditions")) {
    const cJSON *both = report_control_at(condition, "responses");
    const cJSON *first = cJSON_GetArrayItem(both, 0), *second = cJSON_GetArrayItem(both, 1);
    const int count = cJSON_GetArraySize(first);
    report_point *points = base_alloc((size_t)count, sizeof *points, NULL);
    panel->failed |= !points;
    for (int i = 0; i < count && points; i++)
      points[i] = (report_point){report_place(along, report_control_number(first, i)),
                                 report_place(up, report_control_number(second, i))};
    if (points) report_dots(panel, points, (size_t)count, report_subject_role(++index), 5);
    base_free(points);
  }
}

static void draw_baselines(report_panel *panel, const report_control *control, const report_axis *along,
                           const report_axis *up) {
  double value[2];
  for (int side = 0; side < 2; side++) {
    const cJSON *baseline = report_control_at(report_control_region(control, side), "baseline");
    const cJSON *number = report_control_at(baseline, "value");
    value[side] = cJSON_IsNumber(number) ? number->valuedouble : 0;
  }
  const double x = report_place(along, value[0]), y = report_place(up, value[1]);
  report_line(panel, x, TOP, x, BOTTOM, REPORT_INK, 1, true);
  report_line(panel, LEFT, y, RIGHT, y, REPORT_INK, 1, true);
}

/* What the dots' colours mean, two beside each other below the axis. */
static void draw_meanings(report_panel *panel, const report_control *control) {
  const char *const *of = (const char *const *)control->regions;
  for (int c = 0; c < CONDITIONS; c++) {
    const bool first_high = c == 0 || c == 2, second_high = c == 0 || c == 3;
    const int row = c / 2, column = c % 2;
    const double x = LEFT + column * (RIGHT - LEFT) / 2, y = BOTTOM + 58 + row * 16;
    char words[256], fitted[128];
    base_print(words, sizeof words, "%.90s %s, %.90s %s", of[0], first_high ? "high" : "low", of[1],
               second_high ? "high" : "low");
    report_dots(panel, &(report_point){x + 4, y - 4}, 1, report_subject_role(c + 1), 5);
    report_words(panel, x + 12, y, REPORT_LEFT, REPORT_SOFT, 10,
                 report_fit_words(words, (RIGHT - LEFT) / 2 - 16, 10, fitted, sizeof fitted));
  }
}

static void draw_responses(report_control *control, const responses *all) {
  report_panel *panel = &control->panels[control->count++];
  char description[256], label[2][112];
  const cJSON *r = report_control_at(control->pair, "correlation");
  base_print(description, sizeof description, "%zu images by their mean responses in %.60s and %.60s, correlation %.3f",
             all->count, control->regions[0], control->regions[1], cJSON_IsNumber(r) ? r->valuedouble : 0);
  for (int side = 0; side < 2; side++)
    base_print(label[side], sizeof label[side], "response of %.90s", control->regions[side]);
  report_panel_start(panel, REPORT_PANEL_WIDTH, HEIGHT, "All images, and those chosen", description);
  const report_axis along = {all->low, all->high, LEFT, RIGHT, false, label[0]},
                    up = {all->low, all->high, BOTTOM, TOP, false, label[1]};
  report_bold_words(panel, LEFT, 16, REPORT_LEFT, REPORT_INK, 12.5, "All images, and those chosen");
  report_left_axis(panel, &up, LEFT, RIGHT);
  report_bottom_axis(panel, &along, TOP, BOTTOM);
  draw_cells(panel, all, &along, &up);
  report_line(panel, LEFT, BOTTOM, RIGHT, TOP, REPORT_SOFT, 1, true);
  draw_baselines(panel, control, &along, &up);
  draw_chosen(panel, control, &along, &up);
  draw_meanings(panel, control);
}

/* --- Subjects left out --- */

/* A subject's response to a condition's images less that to the baseline's. */
static double difference(const report_control *control, int condition, int side, int subject) {
  const cJSON *fold = cJSON_GetArrayItem(report_control_at(control->pair, "left_out"), subject);
  const cJSON *own = cJSON_GetArrayItem(report_control_at(fold, "conditions"), condition);
  const cJSON *baseline =
      cJSON_GetArrayItem(report_control_at(report_control_region(control, side), "baselines_left_out"), subject);
  const cJSON *number = report_control_at(baseline, "tested");
  return report_control_number(report_control_at(own, "tested"), side) -
         (cJSON_IsNumber(number) ? number->valuedouble : NAN);
}

static void draw_answers(report_panel *panel, const report_control *control, const report_axis *up, int subjects,
                         int column, double x) {
  const int condition = column / 2, side = column % 2;
  report_point points[64];
  size_t count = 0;
  double sum = 0;
  for (int s = 0; s < subjects && count < 64; s++) {
    const double value = difference(control, condition, side, s);
    if (isnan(value)) continue;
    sum += value;
    points[count++] = (report_point){x, report_place(up, value)};
  }
  if (!count) return;
  const double mean = report_place(up, sum / (double)count);
  report_line(panel, x - 9, mean, x + 9, mean, report_subject_role(condition + 1), 3, false);
  report_dots(panel, points, count, report_subject_role(condition + 1), 5);
}

static void draw_left_out(report_control *control) {
  const int subjects = cJSON_GetArraySize(report_control_at(control->pair, "left_out"));
  double low = 0, high = 0;
  report_panel *panel = &control->panels[control->count++];
  for (int column = 0; column < 2 * CONDITIONS; column++)
    for (int s = 0; s < subjects; s++) {
      const double value = difference(control, column / 2, column % 2, s);
      low = fmin(low, value);
      high = fmax(high, value);
    }
  report_panel_start(panel, REPORT_PANEL_WIDTH, HEIGHT, "Subjects left out",
                     "responses of subjects to images that were chosen by the others, less those to the baseline's");
  const report_axis up = {low, high > low ? high : low + 1, BOTTOM, TOP, false, "response less baseline's"};
  report_bold_words(panel, LEFT, 16, REPORT_LEFT, REPORT_INK, 12.5, "Subjects left out");
  report_left_axis(panel, &up, LEFT, RIGHT);
  const double step = (RIGHT - LEFT) / (2 * CONDITIONS);
  for (int column = 0; column < 2 * CONDITIONS; column++) {
    char buffer[64];
    const double x = LEFT + ((double)column + 0.5) * step;
    draw_answers(panel, control, &up, subjects, column, x);
    report_words(panel, x, BOTTOM + 16, REPORT_MIDDLE, REPORT_SOFT, 9,
                 report_fit_words(control->regions[column % 2], step, 9, buffer, sizeof buffer));
  }
  report_line(panel, LEFT, report_place(&up, 0), RIGHT, report_place(&up, 0), REPORT_INK, 1, true);
}

berg_status report_draw_control_means(report_control *control, berg_error *error) {
  responses all = {.low = INFINITY, .high = -INFINITY};
  berg_status status = take_side(&all, control, 0, error);
  if (!status) status = take_side(&all, control, 1, error);
  if (!status) {
    if (!(all.high > all.low)) all.high = all.low + 1;
    control->key = "dashed: baselines, and equal responses";
    draw_responses(control, &all);
    if (report_control_at(control->pair, "left_out")) draw_left_out(control);
  }
  for (int side = 0; side < 2; side++) base_free(all.values[side]);
  return status;
}
