/* Choosing the slices of a brain that show the most. */
#include "report/slices.h"

#include <math.h>
#include <string.h>

#define MOST_EXTENT 512

static double weight_of(const report_subject *subject, size_t voxel) {
  double value = subject->accuracy ? fmax(subject->accuracy[voxel], 0) : 1;
  if (subject->accuracy) value *= value;
  if (!subject->accuracy && subject->ceiling) value = fmax(subject->ceiling[voxel], 0);
  return isfinite(value) ? value : 0;
}

static bool measure(report_slices *slices, const report_subject *subject, int axis) {
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < subject->voxels; i++) {
    low = fmin(low, subject->coordinates[axis][i]);
    high = fmax(high, subject->coordinates[axis][i]);
  }
  if (!(high - low < MOST_EXTENT)) return false;
  slices->low[axis] = low;
  slices->extent[axis] = (size_t)(high - low) + 1;
  return true;
}

static void choose(report_slices *slices, const report_subject *subject, int axis) {
  double weights[MOST_EXTENT] = {0}, total = 0, before = 0;
  for (int equal = 0; equal < 2 && !(total > 0); equal++)
    for (size_t i = 0; i < subject->voxels; i++) {
      double weight = equal ? 1 : weight_of(subject, i);
      weights[(size_t)(subject->coordinates[axis][i] - slices->low[axis])] += weight;
      total += weight;
    }
  int next = 1;
  for (size_t i = 0; i < slices->extent[axis]; i++) {
    before += weights[i];
    if (next > REPORT_SLICES || before < total * next / (REPORT_SLICES + 1)) continue;
    slices->at[axis][slices->count[axis]++] = slices->low[axis] + (double)i;
    while (next <= REPORT_SLICES && before >= total * next / (REPORT_SLICES + 1)) next++;
  }
}

bool report_choose_slices(report_slices *slices, const report_subject *subject) {
  memset(slices, 0, sizeof *slices);
  for (int axis = 0; axis < 3; axis++)
    if (!measure(slices, subject, axis)) return false;
  for (int axis = 0; axis < 3; axis++) choose(slices, subject, axis);
  return true;
}

void report_slice_axes(int axis, int *right, int *up) {
  *right = axis == 0 ? 1 : 0;
  *up = axis == 2 ? 1 : 2;
}

size_t report_slice_pixel(const report_slices *slices, const report_subject *subject, int axis, size_t index) {
  int right, up;
  report_slice_axes(axis, &right, &up);
  size_t column = (size_t)(subject->coordinates[right][index] - slices->low[right]),
         row = (size_t)(subject->coordinates[up][index] - slices->low[up]);
  return (slices->extent[up] - 1 - row) * slices->extent[right] + column;
}
