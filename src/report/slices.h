/* Which slices of the volume are shown, and what lies in them. */
#ifndef REPORT_SLICES_H
#define REPORT_SLICES_H

#include "report/subject.h"

#define REPORT_SLICES 3 /* of each direction */

typedef struct report_slices {
  double low[3]; /* smallest coordinate of each axis */
  size_t extent[3];
  double at[3][REPORT_SLICES]; /* the coordinate of each slice, ascending */
  size_t count[3];
} report_slices;

/* Slices are where the accuracy is: of all that r^2 explains (or the ceiling allows, where there is no accuracy), a
 * quarter, a half and three quarters lie before the three slices of a direction. False: the coordinates span more than
 * 512 voxels, or are not finite. */
bool report_choose_slices(report_slices *slices, const report_subject *subject);

/* The axes that run to the right and up in slices across `axis`. */
void report_slice_axes(int axis, int *right, int *up);

/* The pixel of voxel `index` in a slice across `axis`, rows from above; columns are slices->extent[right]. */
size_t report_slice_pixel(const report_slices *slices, const report_subject *subject, int axis, size_t index);

#endif
