/* Standardisation and exact principal components of features that do not fit into memory.
 *
 * Z = (X - mean) / scale, G = Z Z^T / rows in float64 out of float32 products of one panel each, its `components` largest
 * eigenvalues and vectors U, components = S^-1 U^T Z in a second pass over the panels, each row's sign so that its entry
 * of largest magnitude is positive (scikit-learn >= 1.5). Everything but the eigenvectors is the same for any order of rows
 * up to rounding; the bits depend on neither threads nor memory. */
#ifndef TRAIN_PCA_H
#define TRAIN_PCA_H

#include <stdbool.h>

#include "train/panels.h"
#include "train/run.h"

typedef struct train_pca_options {
  size_t components;
  bool standardise; /* false: scale is 1 */
  const char
      *checkpoint; /* path under which the Gram matrix is kept every two minutes, written whole, resumed from where
                             it fits, removed at the end; NULL: nothing is kept */
  const char *fingerprint; /* of the features, as io_journal has it: a checkpoint of another run is not used */
} train_pca_options;

/* Names and meanings are scikit-learn's. All memory is its own. */
typedef struct train_pca {
  size_t rows, features, components;
  double *mean, *variance, *scale;                                        /* [features] of the scaler */
  float *pca_mean;                                                        /* [features] of Z, about 0 */
  float *directions;                                                      /* [components][features] */
  float *explained_variance, *explained_variance_ratio, *singular_values; /* [components] */
  float noise_variance;
  float *scores; /* [rows][components] = U S: what transform gives for the training rows */
} train_pca;

/* ELIMIT: more memory than the machine's; EARGUMENT: more components than min(rows - 1, features); EINPUT: a feature that
 * is not finite; EWRITE: the checkpoint; ECANCELLED. Stages "gram" and "components", in panels, and "eigenvectors". */
berg_status train_pca_fit(train_pca *pca, const train_panels *panels, const train_pca_options *options,
                          const train_machine *machine, const berg_run *run, berg_error *error);
void train_pca_release(train_pca *pca);

/* Peak bytes that train_pca_fit holds, for the plan. */
size_t train_pca_memory(size_t rows, size_t features, size_t width, size_t components, int threads);

#endif
