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

/* Bytes that a gram takes. */
size_t la_gram_memory(size_t rows, size_t width);

#endif
