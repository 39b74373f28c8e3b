/* Products x w in float32 added up in double, of a matrix w that lies [k][n], row by row: its columns need no
 * transposing, but are at most copied, to be the slabs of la/floats.h. */
#ifndef LA_COLUMNS_H
#define LA_COLUMNS_H

#include "la/floats.h"
#include "la/kernels.h"

typedef struct la_columns {
  const float *values;
  size_t k, n;
  size_t ld; /* floats from row to row */
  size_t
      stride; /* floats from one LA_PANEL columns to the next: LA_PANEL where rows are whole; k * LA_PANEL where ld is
                    LA_PANEL, whose panels have all their columns and are multiplied where they lie */
} la_columns;

/* sums [rows][ld] += x [rows][ldx] w, LA_DEPTH rows of w at a time. In the thread that calls; `buffer`:
 * LA_BUFFER_BYTES, not read where slabs lie as they are (ld LA_PANEL). Bits of an element depend on neither `rows`
 * nor `n`. */
void la_columns_multiply(const la_floats *floats, const la_kernels *kernels, const float *x, size_t rows, size_t ldx,
                         const la_columns *w, double *sums, size_t ld, float *buffer);

#endif
