/* A basis: the scaler and the principal components that take features to scores. A file may hold several. */
#ifndef MODEL_BASIS_H
#define MODEL_BASIS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "vit/shape.h"

typedef struct model_basis {
  const char *path; /* of the file, for messages; the opener's, as the file is */
  const berg_file *file;
  char *key; /* "pca_param" or "pca_param.rep-2" */
  size_t components;
  size_t tokens, features; /* of each block, the first ones: 50, or 1 for a model of class tokens; 12 * 768 * tokens */
  /* z = (x - centre) * reciprocal per feature, the centre as the sum of two floats; it holds both the scaler's mean
   * and the PCA's: ((x - mean) / scale) - pca_mean = (x - (mean + pca_mean * scale)) / scale. [features] each. */
  float *centre_high, *centre_low, *reciprocal;
  /* [components][features], at any address; the file's own bytes where they are C-ordered float32. */
  const void *directions;
  size_t direction_bytes; /* from one component to the next */
  float *own_directions;
} model_basis;

/* The components under `key` with the scaler "scaler_param". `file` and `path` outlive the basis. EMODEL: missing,
 * shapes that do not fit, a mean or scale that is no number or zero. */
berg_status model_basis_open(model_basis *basis, const berg_file *file, const char *path, const char *key,
                             berg_error *error);
void model_basis_close(model_basis *basis);

/* The real-valued array `key`.`name` of `ndim` dimensions, sizes of 0 in `shape` open; `form` says so in messages.
 * EMODEL. */
berg_status model_weights_find(const berg_file *file, const char *path, const char *key, const char *name, size_t ndim,
                               const size_t *shape, const char *form, const berg_array **out, berg_error *error);

/* Whether `count` floats at any address hold neither NaN nor infinity. */
bool model_row_is_finite(const void *row, size_t count);

/* Once the components are packed: gives back their memory if they are a copy. */
void model_basis_drop_directions(model_basis *basis);

/* EMODEL if a component has a NaN or infinity, with its place. Reads all of them, so it is called only when scores are
 * not finite, and before components are packed. */
berg_status model_basis_check(const model_basis *basis, berg_error *error);

#endif
