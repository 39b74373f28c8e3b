/* The language of selections: "V1 + V2 - lFFA & ceiling > 20" denotes a set of columns of one subject's responses
 * (docs/selections.md). An expression is parsed once and evaluated on as many subjects as one likes. */
#ifndef MODEL_EXPRESSION_H
#define MODEL_EXPRESSION_H

#include "model/catalog/selection.h"

typedef struct model_expression model_expression;

/* EPARAMETER: not an expression; the message points at the character, the error's item is the text. ELIMIT. */
berg_status model_expression_parse(model_expression **expression, const char *text, berg_error *error);
void model_expression_free(model_expression *expression);
const char *model_expression_text(const model_expression *expression);
/* The volumes that it names, for those who record what was read: index 0, 1, ... until NULL. */
const char *model_expression_mask(const model_expression *expression, size_t index);

/* The columns of the set, ascending, each once: numbers among those of berg_metadata_output, output's first + unit x
 * times + time, whatever repetitions the weights hold. The caller frees columns->items (base_free); nothing to free on
 * failure. EPARAMETER: a name or quantity that this subject does not have, or no column at all; EINPUT, EMODEL: a mask
 * that cannot be read, or of another grid; EMODEL: metadata that do not fit. */
berg_status model_expression_evaluate(const model_expression *expression, const berg_metadata *metadata,
                                      model_list *columns, berg_error *error);

/* The same as units and times of each output, for what takes whole rows: EPARAMETER too where not every unit of an
 * output has the same times. Fills an empty `selection`; the caller releases it, after a failure too. */
berg_status model_expression_select(const model_expression *expression, const berg_metadata *metadata,
                                    model_selection *selection, berg_error *error);

#endif
