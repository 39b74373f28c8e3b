/* Views of a hemisphere's surface as pixels: which vertex is seen at each. */
#ifndef REPORT_SURFACE_VIEW_H
#define REPORT_SURFACE_VIEW_H

#include <stdbool.h>

#include "io/surface/geometry.h"

typedef enum report_side { REPORT_OUTER, REPORT_INNER, REPORT_FLAT } report_side; /* lateral, medial, from above */

typedef struct report_view {
  size_t columns, rows;
  double scale; /* pixels for a unit of the surface */
} report_view;

/* Whether a surface has no depth, and so one view. */
bool report_is_flat(const io_geometry *geometry);

/* A view as wide as `columns`, and as high as the higher of the surfaces [count] (NULL: none) needs, the same
 * scale for all. */
report_view report_view_for(const io_geometry *const *surfaces, size_t count, size_t columns);

#define REPORT_NO_VERTEX UINT32_MAX

/* Which vertex of `geometry`, a left hemisphere or a right one, is seen at each pixel of `seen` [rows][columns]:
 * the nearest corner of the triangle in front, or none. False: no memory. */
bool report_trace_view(uint32_t *seen, const report_view *view, const io_geometry *geometry, bool is_left,
                       report_side side);

#endif
