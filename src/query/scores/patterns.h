/* Patterns of a region as short vectors: what two images' responses have in common over many units, from their scores
 * alone.
 *
 * With A the rows of a region (coefficients and intercept), centred over its units, and F the triangular factor of A
 * (F'F = A'A), the pattern of scores s is x = F [s; 1]: the Pearson correlation of two images' patterns over the units
 * is the cosine of their x, and what distances need are differences of x. Columns are scaled by the spread of the
 * scores before they are factored, and F is found by QR, never from A'A, which would square the condition. The
 * intercept comes first: what it shares with no coefficient stays out of all numbers but x's first, so that a pattern
 * common to all images, however large, takes no digits from their differences. */
#ifndef QUERY_PATTERNS_H
#define QUERY_PATTERNS_H

#include <stddef.h>

#include "base/error.h"

typedef struct query_patterns query_patterns;

/* Whether patterns are taken as they are, or less their mean over the units. */
typedef enum query_centring { QUERY_CENTRED, QUERY_UNCENTRED } query_centring;

/* `rows` [units][scores + 1] as query_subject_rows gives them; `spread` [scores] the scores' standard deviations (0
 * where one does not vary). EPARAMETER: fewer than two units. ELIMIT. */
berg_status query_patterns_new(query_patterns **patterns, const double *rows, size_t units, size_t scores,
                               const double *spread, int threads, berg_error *error);
/* The same with the choice; uncentred patterns may be of one unit. */
berg_status query_patterns_make(query_patterns **patterns, const double *rows, size_t units, size_t scores,
                                const double *spread, query_centring centring, int threads, berg_error *error);
/* NULL is fine. */
void query_patterns_free(query_patterns *patterns);
/* Length of x: at most scores + 1, and less for small regions. */
size_t query_patterns_width(const query_patterns *patterns);
/* x of each image, [count][width], from scores [count][ld]. One caller at a time. */
void query_patterns_of(const query_patterns *patterns, const float *scores, size_t ld, size_t count, double *x);
/* x to unit length; those without a pattern become NaN. How many did. */
size_t query_patterns_normalise(const query_patterns *patterns, size_t count, double *x);

#endif
