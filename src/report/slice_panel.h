/* Numbers of voxels on slices in three directions, as a panel and its table. */
#ifndef REPORT_SLICE_PANEL_H
#define REPORT_SLICE_PANEL_H

#include "report/figure.h"

typedef struct report_slice_values {
  const double *values; /* of each voxel; NaN: none */
  const char *title;    /* of the panel */
  const char *label;    /* of the scale: "accuracy, r" */
  int decimals;
  double top;     /* where the scale ends */
  bool is_signed; /* it begins at -top and not at 0 */
} report_slice_values;

/* Says in `missing` where the coordinates span more than a volume. */
void report_draw_slices(report_figure *figure, const report_subject *subject, const report_slice_values *what);

#endif
