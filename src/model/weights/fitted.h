/* A fitted encoding model as it lies in weights_sub-0N.npy: standardisation, principal components, regression. */
#ifndef MODEL_FITTED_H
#define MODEL_FITTED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "vit/shape.h"

typedef struct model_fitted {
  char *path;
  berg_file *file;
  size_t components, voxels;
  size_t tokens, features; /* of each block, the first ones: 50, or 1 for a model of class tokens; 12 * 768 * tokens */
  /* z = (x - centre) * reciprocal per feature, the centre as the sum of two floats; it holds both the scaler's mean and the
   * PCA's: ((x - mean) / scale) - pca_mean = (x - (mean + pca_mean * scale)) / scale. [features] each. */
  float *centre_high, *centre_low, *reciprocal;
  /* [components][features], at any address; the file's own bytes where they are C-ordered float32. */
  const void *directions;
  size_t direction_bytes; /* from one component to the next */
  float *own_directions;
  const berg_array *coefficients; /* (voxels, components), float32 or float64, any order */
  const berg_array *intercepts;   /* (voxels,) */
} model_fitted;

/* EMODEL: missing, corrupt, shapes that do not fit, a mean or scale that is no number or zero. */
berg_status model_fitted_open(model_fitted *fitted, const char *berg_dir, int subject, berg_error *error);
berg_status model_fitted_open_file(model_fitted *fitted, const char *path, berg_error *error);
void model_fitted_close(model_fitted *fitted);

/* Whether `count` floats at any address hold neither NaN nor infinity. */
bool model_row_is_finite(const void *row, size_t count);

/* Gives back the memory of the components where they are a copy: once they are packed. */
void model_fitted_drop_directions(model_fitted *fitted);

/* Looks for a NaN or infinity among the components; EMODEL naming the place, or BERG_OK. Reads them all: for the moment when
 * scores come out not finite. */
berg_status model_fitted_check_components(const model_fitted *fitted, berg_error *error);

#endif
