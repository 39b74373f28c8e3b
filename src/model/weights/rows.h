/* The rows of a readout that a selection asks for, in the form in which they are multiplied. */
#ifndef MODEL_ROWS_H
#define MODEL_ROWS_H

#include "model/catalog/selection.h"
#include "model/weights/readout.h"

typedef struct model_rows {
  size_t count;
  const void *coefficients; /* [count][components] float32, at any address */
  size_t coefficient_bytes; /* from one row to the next */
  float *own_coefficients;
  float *intercepts; /* [count] */
} model_rows;

/* Row unit * `times` + time for each unit, and for each of them each time, of the lists. ELIMIT; EMODEL: a row that
 * is not finite. */
berg_status model_rows_take(model_rows *rows, const model_readout *readout, const model_list *units,
                            const model_list *chosen, size_t times, int threads, berg_error *error);
/* The mean over the units of each of `means`: the mean response of a region is the response of its mean weights. */
berg_status model_rows_average(model_rows *rows, const model_readout *readout, const model_mean *means, size_t count,
                               berg_error *error);
/* Once the coefficients are packed: gives back their memory if they are a copy. */
void model_rows_drop_coefficients(model_rows *rows);
void model_rows_release(model_rows *rows);

#endif
