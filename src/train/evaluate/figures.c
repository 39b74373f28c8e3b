/* Means and medians. */
#include "train/evaluate/figures.h"

#include <math.h>
#include <stdlib.h>

static double value_of(const double *values, const train_chosen *of, size_t i) {
  return values[of->list ? of->list[i] : i];
}

double train_mean(const double *values, const train_chosen *of) {
  double sum = 0;
  size_t count = 0;
  for (size_t i = 0; i < of->count; i++) {
    double value = value_of(values, of, i);
    if (isnan(value)) continue;
    sum += value;
    count++;
  }
  return count ? sum / (double)count : NAN;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double train_median(const double *values, const train_chosen *of) {
  size_t count = 0;
  for (size_t i = 0; i < of->count; i++)
    if (!isnan(value_of(values, of, i))) of->room[count++] = value_of(values, of, i);
  if (!count) return NAN;
  qsort(of->room, count, sizeof *of->room, ascending);
  return (of->room[(count - 1) / 2] + of->room[count / 2]) / 2;
}
