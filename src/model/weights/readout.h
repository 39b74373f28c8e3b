/* A readout: the regression that takes the scores of a basis to responses, one row a unit (and time). */
#ifndef MODEL_READOUT_H
#define MODEL_READOUT_H

#include <stddef.h>

#include "base/error.h"

typedef struct model_readout {
  const char *path; /* of the file, for messages; the opener's, as the arrays are */
  const berg_file *file;
  char *key;    /* "reg_param", "lh_reg_param" or "reg_param.rep-2" */
  size_t basis; /* among those of the same model */
  size_t rows, components;
  const berg_array *coefficients; /* (rows, components), float32 or float64, any order */
  const berg_array *intercepts;   /* (rows,) */
} model_readout;

/* The regression under `key` on a basis of `components`. EMODEL: missing, shapes that do not fit. */
berg_status model_readout_open(model_readout *readout, const berg_file *file, const char *path, const char *key,
                               size_t basis, size_t components, berg_error *error);
void model_readout_close(model_readout *readout);

/* Row `row` as floats [components], and its intercept. */
void model_readout_row(const model_readout *readout, size_t row, float *coefficients);
float model_readout_intercept(const model_readout *readout, size_t row);

#endif
