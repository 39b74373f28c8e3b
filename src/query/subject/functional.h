/* A linear functional of responses on one subject: a vector that makes the number of its scores. */
#ifndef QUERY_FUNCTIONAL_H
#define QUERY_FUNCTIONAL_H

#include "model/catalog/functional.h"
#include "query/subject/subject.h"

/* `vector` [scores + 1]: the number of an image is its first `scores` elements times the scores, plus the last.
 * `columns` [functional->count]: how many columns each term takes. EPARAMETER, EINPUT, EMODEL as
 * model_expression_evaluate. */
berg_status query_functional_vector(const query_subject *subject, const model_functional *functional, double *vector,
                                    size_t *columns, berg_error *error);

/* The rows of the regression of all columns of a set: *rows [*count][scores + 1], base_free. */
berg_status query_functional_rows(const query_subject *subject, const model_expression *set, double **rows,
                                  size_t *count, berg_error *error);

#endif
