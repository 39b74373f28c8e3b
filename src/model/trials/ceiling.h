/* How reliable a single trial of each unit is. */
#ifndef MODEL_CEILING_H
#define MODEL_CEILING_H

#include "base/error.h"

/* The share of a single trial's variance that is signal, of every unit (and time) of output `output` of the subject,
 * selected or not: 0 to 1, NaN where the metadata have no number. base_free. EMODEL: no such entry, of another shape,
 * or out of range. */
berg_status model_ceilings_read(double **ceilings, const berg_metadata *metadata, size_t output, berg_error *error);

#endif
