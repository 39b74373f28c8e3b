/* G += Z Z^T, panel after panel of the columns of Z: float32 products of LA_DEPTH columns each, added up in double. */
#ifndef LA_GRAM_H
#define LA_GRAM_H

#include "la/floats.h"
#include "la/kernels.h"

typedef struct la_gram la_gram;

/* For `rows` rows and panels of up to `width` columns. The matrix starts as zeros. ELIMIT. */
berg_status la_gram_new(la_gram **gram, const la_floats *floats, const la_kernels *kernels, size_t rows, size_t width,
                        int threads, berg_error *error);
void la_gram_free(la_gram *gram);

/* Adds a panel, float32 [rows][ld]. Bits of an element depend neither on threads nor on how many rows there are, but on
 * where panels of more than LA_DEPTH columns are cut. */
void la_gram_add(la_gram *gram, const float *panel, size_t ld, size_t columns);

/* [rows][rows]: the lower triangle, until la_gram_mirror. Owned by the gram. */
double *la_gram_values(la_gram *gram);
/* Fills the upper triangle. */
void la_gram_mirror(la_gram *gram);

/* --- A total of sums ---
 *
 * Panels can be added in blocks, each summed from zero and then added to a total: the total's bits depend on the blocks
 * and their order alone, wherever their sums were computed. It lies above the diagonal of the same matrix, so that it
 * takes no memory: element (i, j), i > j, at values[j][i], but for the LA_PANEL columns around the diagonal, which are
 * [rows][LA_PANEL] of their own, element (i, j) at [i][j mod LA_PANEL]. */

/* Begins a total of zero, and a sum of zero. ELIMIT. */
berg_status la_gram_begin_total(la_gram *gram, berg_error *error);
/* Adds the sum in the lower triangle to the total; the next sum begins with zeros. */
void la_gram_settle(la_gram *gram);
/* The total becomes the values, both triangles. */
void la_gram_end_total(la_gram *gram);
/* The total as pieces of memory, to be written, read or added to: those around the diagonal, and the part of row `row`
 * right of them, which may be empty. */
double *la_gram_diagonal(la_gram *gram, size_t *count);
double *la_gram_right(la_gram *gram, size_t row, size_t *count);

/* Bytes that a gram takes, with a total. */
size_t la_gram_memory(size_t rows, size_t width);

#endif
