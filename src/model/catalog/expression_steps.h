/* What an expression is once it is parsed: steps that each push a set, or make one of the last one or two. */
#ifndef MODEL_EXPRESSION_STEPS_H
#define MODEL_EXPRESSION_STEPS_H

#include "model/catalog/expression.h"
#include "model/catalog/expression_words.h"

typedef enum model_step_kind {
  MODEL_STEP_NAME,    /* what the metadata call so; without quotes also "all", and an output */
  MODEL_STEP_MASK,    /* the voxels of a volume that are not 0 */
  MODEL_STEP_COMPARE, /* where `name` `sign` `number` holds */
  MODEL_STEP_NOT,
  MODEL_STEP_UNION,
  MODEL_STEP_DIFFERENCE,
  MODEL_STEP_BOTH
} model_step_kind;

typedef struct model_step {
  model_step_kind kind;
  size_t at; /* byte of the text */
  char *name;
  bool quoted;
  char sign;
  double number;
} model_step;

struct model_expression {
  char *text, *what;
  model_step *steps;
  size_t count, capacity;
  bool adds_up; /* there is a + or - outside of parentheses, the first at this byte of the text */
  size_t adds_at;
};

/* The set that begins with the next word, up to what cannot go on it: a ) or the end, or what the caller finds there.
 * `what` as in model_reader. */
berg_status model_steps_parse(model_expression **expression, model_reader *reader, berg_error *error);

#endif
