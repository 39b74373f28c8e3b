/* How much predictions vary. */
#ifndef MODEL_VARIANCE_H
#define MODEL_VARIANCE_H

#include <stdbool.h>

#include "model/encode/model.h"

/* Whether the weights of all subjects have what model_prediction_variances needs; else `*path` is the file that lacks
 * it. */
bool model_has_variances(const berg_model *model, const char **path);
/* The variance of each column's prediction over the training images, [columns]: their scores have the variances that
 * the PCA found, and do not correlate. EMODEL: variances that are missing, below 0 or not finite. */
berg_status model_prediction_variances(const berg_model *model, double *variances, berg_error *error);

#endif
