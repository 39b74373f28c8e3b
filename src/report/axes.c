/* Axes: ranges, ticks and their labels. */
#include "report/axes.h"

#include <math.h>

#include "base/text.h"

double report_place(const report_axis *axis, double number) {
  double low = axis->low, high = axis->high;
  if (axis->logarithmic) {
    number = log10(number > low ? number : low);
    low = log10(low);
    high = log10(high);
  }
  double share = high > low ? (number - low) / (high - low) : 0;
  return axis->from + share * (axis->to - axis->from);
}

double report_step(double low, double high, int most) {
  double rough = (high - low) / most;
  if (!(rough > 0) || !isfinite(rough)) return 1;
  double power = pow(10, floor(log10(rough))), head = rough / power;
  return power * (head <= 1.0000001 ? 1 : head <= 2.0000001 ? 2 : head <= 5.0000001 ? 5 : 10);
}

size_t report_ticks(const report_axis *axis, int most, double ticks[REPORT_TICKS]) {
  size_t count = 0;
  if (axis->logarithmic) {
    for (int power = (int)ceil(log10(axis->low) - 1e-9); count < REPORT_TICKS; power++) {
      double tick = pow(10, power);
      if (tick > axis->high * 1.0000001) break;
      ticks[count++] = tick;
    }
    return count;
  }
  double step = report_step(axis->low, axis->high, most), first = ceil(axis->low / step - 1e-7);
  for (int i = 0; count < REPORT_TICKS; i++) {
    double tick = (first + i) * step;
    if (tick > axis->high + 1e-7 * step) break;
    ticks[count++] = tick;
  }
  return count;
}

const char *report_tick_text(double tick, char text[32]) {
  if (fabs(tick) < 1e-12) tick = 0;
  if (fabs(tick) >= 1000)
    base_print(text, 32, "%gk", tick / 1000);
  else
    base_print(text, 32, "%.6g", tick);
  return text;
}

void report_left_axis(report_panel *panel, const report_axis *up, double left, double right) {
  double ticks[REPORT_TICKS];
  char text[32];
  size_t count = report_ticks(up, 8, ticks);
  for (size_t i = 0; i < count; i++) {
    double y = report_place(up, ticks[i]);
    report_line(panel, left, y, right, y, REPORT_GRID, 1, false);
    report_words(panel, left - 5, y + 4, REPORT_RIGHT, REPORT_SOFT, REPORT_FONT, report_tick_text(ticks[i], text));
  }
  report_upright_words(panel, 11, (up->from + up->to) / 2, REPORT_SOFT, REPORT_FONT, up->label);
}

static const char *time_text(double tick, char text[32]) {
  base_print(text, 32, "%.6g", tick);
  return text;
}

static void bottom_axis(report_panel *panel, const report_axis *along, double top, double bottom,
                        const char *(*text_of)(double, char[32])) {
  double ticks[REPORT_TICKS];
  char text[32];
  size_t count = report_ticks(along, 6, ticks);
  for (size_t i = 0; i < count; i++) {
    double x = report_place(along, ticks[i]);
    report_line(panel, x, top, x, bottom, REPORT_GRID, 1, false);
    report_words(panel, x, bottom + 14, REPORT_MIDDLE, REPORT_SOFT, REPORT_FONT, text_of(ticks[i], text));
  }
  report_words(panel, (along->from + along->to) / 2, bottom + 30, REPORT_MIDDLE, REPORT_SOFT, REPORT_FONT,
               along->label);
}

void report_bottom_axis(report_panel *panel, const report_axis *along, double top, double bottom) {
  bottom_axis(panel, along, top, bottom, report_tick_text);
}

void report_time_axis(report_panel *panel, const report_axis *along, double top, double bottom) {
  bottom_axis(panel, along, top, bottom, time_text);
}

#define BAR_STEPS 128
#define BAR_HEIGHT 10

static void colour_bar(report_panel *panel, const report_axis *along, double y, bool missing,
                       const uint32_t pixels[BAR_STEPS]) {
  double ticks[REPORT_TICKS];
  char text[32];
  report_image(panel, along->from, y, along->to - along->from, BAR_HEIGHT, pixels, BAR_STEPS, 1);
  size_t count = report_ticks(along, 5, ticks);
  for (size_t i = 0; i < count; i++) {
    double x = report_place(along, ticks[i]);
    report_line(panel, x, y + BAR_HEIGHT, x, y + BAR_HEIGHT + 3, REPORT_SOFT, 1, false);
    report_words(panel, x, y + BAR_HEIGHT + 14, REPORT_MIDDLE, REPORT_SOFT, REPORT_FONT,
                 report_tick_text(ticks[i], text));
  }
  report_words(panel, (along->from + along->to) / 2, y + BAR_HEIGHT + 29, REPORT_MIDDLE, REPORT_SOFT, REPORT_FONT,
               along->label);
  if (!missing) return;
  const uint32_t chequers[] = {REPORT_NO_VALUE(0), REPORT_NO_VALUE(1), REPORT_NO_VALUE(0), REPORT_NO_VALUE(1),
                               REPORT_NO_VALUE(1), REPORT_NO_VALUE(0), REPORT_NO_VALUE(1), REPORT_NO_VALUE(0)};
  report_image(panel, along->to + 35, y, 20, BAR_HEIGHT, chequers, 4, 2);
  report_words(panel, along->to + 45, y + BAR_HEIGHT + 14, REPORT_MIDDLE, REPORT_SOFT, REPORT_FONT, "no value");
}

void report_colour_bar(report_panel *panel, const report_axis *along, double y, bool missing) {
  uint32_t pixels[BAR_STEPS];
  for (int i = 0; i < BAR_STEPS; i++) pixels[i] = 0xFF000000 | report_scale_colour(i / (BAR_STEPS - 1.0));
  colour_bar(panel, along, y, missing, pixels);
}

void report_signed_bar(report_panel *panel, const report_axis *along, double y, bool missing) {
  uint32_t pixels[BAR_STEPS];
  for (int i = 0; i < BAR_STEPS; i++) pixels[i] = 0xFF000000 | report_signed_colour(2 * i / (BAR_STEPS - 1.0) - 1);
  colour_bar(panel, along, y, missing, pixels);
}
