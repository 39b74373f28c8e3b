/* Means and medians of values, those that are NaN left out. */
#ifndef TRAIN_FIGURES_H
#define TRAIN_FIGURES_H

#include <stddef.h>

/* Some of an array's values. */
typedef struct train_chosen {
  const size_t *list; /* NULL: all */
  size_t count;
  double *room; /* [count] for sorting */
} train_chosen;

/* NaN where there is none. */
double train_mean(const double *values, const train_chosen *of);
double train_median(const double *values, const train_chosen *of);

#endif
