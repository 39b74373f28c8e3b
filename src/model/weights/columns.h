/* The columns of one subject's responses: which voxels, and their rows of regression weights. */
#ifndef MODEL_COLUMNS_H
#define MODEL_COLUMNS_H

#include "model/weights/fitted.h"

typedef struct model_columns {
  size_t count;
  size_t *voxels; /* [count] NULL with mean_roi */
  const char *
      *roi_names; /* [count] with mean_roi, else NULL; the strings belong to the metadata or the options' copy */
  const void *coefficients; /* [count][components] float32, at any address */
  size_t coefficient_bytes; /* from one column to the next */
  float *own_coefficients;
  float *intercepts; /* [count] */
} model_columns;

/* What upstream's `selection` means: the voxels of the ROIs in the order given, then those of voxel_index ascending;
 * duplicates kept; nothing selected means all voxels. EPARAMETER, EMODEL. */
berg_status model_columns_select(model_columns *columns, const model_fitted *fitted, const berg_metadata *metadata,
                                 const berg_model_options *options, berg_error *error);
/* Gives back the memory of the coefficients where they are a copy: once they are packed. */
void model_columns_drop_coefficients(model_columns *columns);
void model_columns_release(model_columns *columns);

#endif
