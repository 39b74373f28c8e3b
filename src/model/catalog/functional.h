/* Linear functionals of responses: "mean(lFFA + rFFA) - 0.5 * mean(lPPA + rPPA)", one number an image
 * (docs/selections.md). */
#ifndef MODEL_FUNCTIONAL_H
#define MODEL_FUNCTIONAL_H

#include "model/catalog/expression.h"

typedef enum model_term_kind { MODEL_TERM_MEAN, MODEL_TERM_SUM } model_term_kind;

typedef struct model_term {
  double weight; /* finite */
  model_term_kind kind;
  model_expression *set;
} model_term;

/* The sum of the terms, weight x mean or sum of a set. */
typedef struct model_functional {
  char *text;
  model_term *terms; /* [count], at least one, in the order of the text */
  size_t count, capacity;
} model_functional;

/* A text without mean() and sum() is one set, and its mean is meant. EPARAMETER as for an expression; ELIMIT. Nothing
 * to free on failure. */
berg_status model_functional_parse(model_functional *functional, const char *text, berg_error *error);
void model_functional_free(model_functional *functional);

#endif
