/* What a subject's metadata know in numbers of each unit, or of each unit and time: ceilings, accuracy, places. */
#ifndef MODEL_EXPRESSION_NUMBERS_H
#define MODEL_EXPRESSION_NUMBERS_H

#include <stdbool.h>

#include "model/catalog/metadata.h"

/* A quantity of one output: */
typedef struct model_number {
  const berg_array *array; /* NULL: this output has none */
  const char *several;     /* the name of another entry that is meant as well; NULL: there is none */
  const char *misshapen;   /* the name of an entry that would be meant, had it one number a unit; NULL */
  model_layout_scale scale;
  size_t column; /* of an array of several numbers a unit */
} model_number;

/* Whether `name` is one of the layout's own quantities, or "time" where there is time. */
bool model_number_is_known(const berg_metadata *metadata, const char *name);
/* A quantity of the layout, else an entry by its dotted name or the last parts of it. Not for "time". */
void model_number_find(model_number *number, const berg_metadata *metadata, size_t output, const char *name);
/* Of each column of the output, into values [units][times]. */
void model_number_read(const model_number *number, const berg_metadata *metadata, size_t output, double *values);
/* Seconds, to the nanosecond: 0.2 is 0.2 however sums of steps were rounded. */
void model_times_read(const berg_metadata *metadata, double *values);
/* "accuracy, time": the quantities of the layout that this subject has. */
void model_numbers_list(const berg_metadata *metadata, char *text, size_t size);

#endif
