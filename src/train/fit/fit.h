/* The solver in memory, behind the handle of berg.h. */
#ifndef TRAIN_FIT_H
#define TRAIN_FIT_H

#include "la/floats.h"
#include "la/kernels.h"
#include "train/fit/weights.h"

struct berg_fit {
  train_pca pca;         /* of 0 components: the scaler alone */
  size_t targets, width; /* width: components, or features */
  float *coefficients, *intercepts;
  double *alphas; /* NULL: least squares */
  const la_floats *floats;
  const la_kernels *kernels;
  int threads;
  io_document document;
  io_entries entries;
};

/* EARGUMENT: not [n][m] of float32 or float64; `name` is for the message. */
berg_status train_fit_check(const berg_array *array, const char *name, berg_error *error);

#endif
