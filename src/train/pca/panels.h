/* A matrix of features too large for memory, read panel by panel: `width` columns of all rows at a time. The store of
 * a training run is one (store.h), a matrix in memory another (matrix.h). */
#ifndef TRAIN_PANELS_H
#define TRAIN_PANELS_H

#include <stddef.h>

#include "base/error.h"

typedef struct train_panels {
  size_t rows, columns;
  size_t width; /* of every panel but perhaps the last; a multiple of 64 unless there is only one panel */
  /* Panel `index` as float32 [rows][its width], C order, raw as the features are. Called from one thread at a time, which
   * need not be the one that called before. */
  berg_status (*read)(void *user, size_t index, float *to, berg_error *error);
  void *user;
  const double *offsets; /* [columns] that `read` subtracted before it rounded to float32; NULL: none */
} train_panels;

static inline size_t train_panels_count(const train_panels *panels) {
  return (panels->columns + panels->width - 1) / panels->width;
}

static inline size_t train_panel_width(const train_panels *panels, size_t index) {
  size_t left = panels->columns - index * panels->width;
  return left < panels->width ? left : panels->width;
}

#endif
