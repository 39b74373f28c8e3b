/* Terms of a functional as sums of rows of the regression. */
#include "query/subject/functional.h"

#include <string.h>

#include "base/memory.h"

#define ROWS ((size_t)256) /* read at a time */

static berg_status add_rows(const query_subject *subject, const model_list *columns, double weight, double *rows,
                            double *vector, berg_error *error) {
  const size_t width = subject->scores + 1;
  berg_status status = BERG_OK;
  for (size_t first = 0; first < columns->count && !status; first += ROWS) {
    const size_t count = columns->count - first < ROWS ? columns->count - first : ROWS;
    const model_list some = {columns->items + first, count, count};
    status = query_subject_rows(subject, &some, rows, error);
    for (size_t i = 0; i < count && !status; i++)
      for (size_t j = 0; j < width; j++) vector[j] += weight * rows[i * width + j];
  }
  return status;
}

static berg_status add_term(const query_subject *subject, const model_term *term, double *rows, double *vector,
                            size_t *count, berg_error *error) {
  model_list columns;
  berg_status status = model_expression_evaluate(term->set, subject->metadata, &columns, error);
  if (status) return status;
  const double share = term->kind == MODEL_TERM_MEAN ? 1 / (double)columns.count : 1;
  *count = columns.count;
  status = add_rows(subject, &columns, term->weight * share, rows, vector, error);
  base_free(columns.items);
  return status;
}

berg_status query_functional_vector(const query_subject *subject, const model_functional *functional, double *vector,
                                    size_t *columns, berg_error *error) {
  const size_t width = subject->scores + 1;
  double *rows = base_alloc(ROWS, width * sizeof *rows, error);
  berg_status status = rows ? BERG_OK : BERG_ELIMIT;
  memset(vector, 0, width * sizeof *vector);
  for (size_t t = 0; t < functional->count && !status; t++)
    status = add_term(subject, &functional->terms[t], rows, vector, &columns[t], error);
  base_free(rows);
  return status;
}

berg_status query_functional_rows(const query_subject *subject, const model_expression *set, double **rows,
                                  size_t *count, berg_error *error) {
  model_list columns;
  *rows = NULL;
  berg_status status = model_expression_evaluate(set, subject->metadata, &columns, error);
  if (status) return status;
  *count = columns.count;
  *rows = base_alloc(columns.count, (subject->scores + 1) * sizeof **rows, error);
  status = *rows ? query_subject_rows(subject, &columns, *rows, error) : BERG_ELIMIT;
  base_free(columns.items);
  if (!status) return BERG_OK;
  base_free(*rows);
  *rows = NULL;
  return status;
}
