/* What a subject's metadata call by a name: regions, channels, groups of sensors, areas, hemispheres. */
#ifndef MODEL_EXPRESSION_NAMES_H
#define MODEL_EXPRESSION_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "model/catalog/metadata.h"

/* Sets the marks [columns of all outputs] of all that is called `name`. EMODEL, ELIMIT. */
berg_status model_name_mark(const berg_metadata *metadata, const char *name, uint8_t *marks, bool *found,
                            berg_error *error);
/* Marks all times of one unit of an output. */
void model_unit_mark(const berg_metadata *metadata, size_t output, size_t unit, uint8_t *marks);
/* ": did you mean V1?", or ": there are V1, V2, ..." into `text`. ELIMIT, EMODEL. */
berg_status model_name_suggest(const berg_metadata *metadata, const char *name, char *text, size_t size,
                               berg_error *error);

#endif
