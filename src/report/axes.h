/* Scales: numbers to positions, ticks at round numbers, the frame around a plot. */
#ifndef REPORT_AXES_H
#define REPORT_AXES_H

#include "report/panel.h"

typedef struct report_axis {
  double low, high; /* numbers at the two ends */
  double from, to;  /* their positions */
  bool logarithmic; /* low > 0 */
  const char *label;
} report_axis;

double report_place(const report_axis *axis, double number);

#define REPORT_TICKS 24

/* The step of 1, 2 or 5 times a power of ten that gives at most `most` steps between low and high. */
double report_step(double low, double high, int most);
/* Round numbers from low to high, at most REPORT_TICKS of them. */
size_t report_ticks(const report_axis *axis, int most, double ticks[REPORT_TICKS]);
/* "0.2", "50", "10k". */
const char *report_tick_text(double tick, char text[32]);

/* Ticks, their grid lines across the plot, and the label: of the axis that goes up on the left, of the one below. */
void report_left_axis(report_panel *panel, const report_axis *up, double left, double right);
void report_bottom_axis(report_panel *panel, const report_axis *along, double top, double bottom);
/* The one below of milliseconds, in whole numbers. */
void report_time_axis(report_panel *panel, const report_axis *along, double top, double bottom);

/* The horizontal colour scale below a map: the bar, its ticks, what its ends include, its label. */
void report_colour_bar(report_panel *panel, const report_axis *along, double y, bool missing);
/* Of a scale with 0 in its middle. */
void report_signed_bar(report_panel *panel, const report_axis *along, double y, bool missing);

#endif
