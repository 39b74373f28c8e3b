/* Products x w^T in float32 added up in double, of a matrix w that lies [n][k], row by row, as many rows as a block of
 * vectors has: the other half of a product with Z Z^T (columns.h is the first). */
#ifndef LA_TURNED_H
#define LA_TURNED_H

#include "la/floats.h"
#include "la/kernels.h"

typedef struct la_turned {
  const la_floats *floats;
  const la_kernels *kernels;
  size_t n, k; /* of w */
  const float *w;
  size_t ldw;
  float *slabs; /* scratch: la_turned_floats */
} la_turned;

/* Floats of scratch for a w of `n` rows. */
size_t la_turned_floats(size_t n);

/* sums [rows][ld] += x [rows][ldx] w^T, LA_DEPTH columns of both at a time. Bits of an element depend neither on
 * threads nor on how many rows x or w have. */
void la_turned_multiply(const la_turned *turned, const float *x, size_t rows, size_t ldx, double *sums, size_t ld,
                        int threads);

#endif
