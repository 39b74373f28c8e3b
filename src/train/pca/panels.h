/* A matrix of features too large for memory, read panel by panel: `width` columns of all rows at a time. The store of
 * a training run is one (store.h), a matrix in memory another (matrix.h). */
#ifndef TRAIN_PANELS_H
#define TRAIN_PANELS_H

#include <stddef.h>

#include "base/error.h"

typedef struct train_panels {
  size_t rows, columns;
  size_t width; /* of every panel but perhaps the last; a multiple of 64 unless there is only one panel */
  /* Panel `index` as float32 [rows][its width], C order, raw as the features are. Called from one thread at a time,
   * which need not be the one that called before. */
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

/* Blocks that sums over panels are cut into, at the most. As many as the network has layers, so that a block of the
 * store is a layer; they go evenly to 2, 3, 4, 6 or 12 processes. */
#define TRAIN_PANEL_BLOCKS 12

/* Panels whose products are summed by themselves before they are added to the sum of all: by their number alone, so
 * that sums have the same bits whoever computes which block. */
static inline size_t train_panels_block(size_t panels) {
  return (panels + TRAIN_PANEL_BLOCKS - 1) / TRAIN_PANEL_BLOCKS;
}

#endif
