/* G += Z Z^T, panel after panel of the columns of Z: float32 products of one panel's columns, added up in double. */
#ifndef LA_GRAM_H
#define LA_GRAM_H

#include "la/onednn.h"

typedef struct la_gram la_gram;

/* For `rows` rows and panels of up to `width` columns. The matrix starts as zeros. ELIMIT; EINTERNAL: no steady kernel. */
berg_status la_gram_new(la_gram **gram, la_engine *engine, size_t rows, size_t width, int threads, berg_error *error);
void la_gram_free(la_gram *gram);

/* Rows that a panel must have: `rows` rounded up to whole tiles, zeros beyond. */
size_t la_gram_padded_rows(size_t rows);
/* Adds a panel, float32 [la_gram_padded_rows][la_padded(columns)], zeros beyond its rows and columns. */
berg_status la_gram_add(la_gram *gram, const float *panel, size_t columns, berg_error *error);

/* [rows][rows]: the lower triangle, until la_gram_mirror. Belongs to the gram. */
double *la_gram_values(la_gram *gram);
/* Fills the upper triangle. */
void la_gram_mirror(la_gram *gram);

/* Bytes that a gram takes. */
size_t la_gram_memory(size_t rows, size_t width, int threads);

#endif
