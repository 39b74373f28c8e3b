/* Pearson's correlation of columns. */
#ifndef LA_CORRELATION_H
#define LA_CORRELATION_H

#include "la/rows.h"

/* r[c] = correlation of column c of `a` and of `b`, which have as many rows (at least one) and columns. Float64, in two
 * passes: the mean first, then the moments about it. NaN where a column is constant or holds a value that is not
 * finite; else within [-1, 1]. The bits depend on nothing but the column. */
void la_correlate(const la_rows *a, const la_rows *b, int threads, double *r);

#endif
