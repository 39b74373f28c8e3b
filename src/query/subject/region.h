/* Which columns of a subject's responses a region is. */
#ifndef QUERY_REGION_H
#define QUERY_REGION_H

#include "query/subject/subject.h"

/* The columns of the region that the expression `text` denotes (docs/selections.md), as query_subject_rows counts them,
 * ascending, each once. The caller frees columns->items (base_free); nothing to free on failure. EPARAMETER: not an
 * expression, no such region in this subject, or nothing in it; and what model_expression_evaluate says. */
berg_status query_region_find(const query_subject *subject, const char *text, model_list *columns, berg_error *error);

#endif
