/* A region as an expression of the metadata's names. */
#include "query/subject/region.h"

#include "model/catalog/expression.h"

berg_status query_region_find(const query_subject *subject, const char *text, model_list *columns, berg_error *error) {
  model_expression *expression;
  *columns = (model_list){.items = NULL};
  berg_status status = model_expression_parse(&expression, text, error);
  if (!status) status = model_expression_evaluate(expression, subject->metadata, columns, error);
  model_expression_free(expression);
  return status;
}
