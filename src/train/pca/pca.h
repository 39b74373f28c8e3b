/* Standardisation and exact principal components of features that do not fit into memory.
 *
 * Z = (X - mean) / scale, G = Z Z^T in float64 out of float32 products of one panel each, centred, its `components`
 * largest eigenvalues S^2 and vectors U, components = S^-1 U^T Z in a second pass over the panels, corrected by a
 * Rayleigh-Ritz step among them, each row's sign so that its entry of largest magnitude is positive (scikit-learn >=
 * 1.5). Where there are fewer features than rows, and all in one panel, the covariance Z^T Z takes the place of G. Sums
 * over panels go by fixed blocks (panels.h): the bits depend on neither threads, memory nor who computes which block.
 * Orders, formulas and error figures: docs/training-numerics.md. The same in steps that leave files: pca_steps.h. */
#ifndef TRAIN_PCA_H
#define TRAIN_PCA_H

#include <stdbool.h>

#include "train/pca/panels.h"
#include "train/run/run.h"

/* How the large products are multiplied. AUTO: in float64 where rows^2 x features is at most TRAIN_EXACT_WORK (a
 * fraction of a second), else in float32 with a correction (pca_correct.c). */
typedef enum train_products { TRAIN_PRODUCTS_AUTO, TRAIN_PRODUCTS_F32, TRAIN_PRODUCTS_F64 } train_products;
#define TRAIN_EXACT_WORK 4e9

typedef struct train_pca_options {
  size_t components;
  bool standardise;        /* false: scale is 1 */
  train_products products; /* TRAIN_PRODUCTS_AUTO, but for tests */
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

/* All in memory. ELIMIT: more memory than the machine's; EARGUMENT: more components than min(rows - 1, features), or
 * than the features have independent directions; EINPUT: a feature that is not finite; ECANCELLED. Stages "gram" and
 * "components", in panels, and "eigenvectors". */
berg_status train_pca_fit(train_pca *pca, const train_panels *panels, const train_pca_options *options,
                          const train_machine *machine, const berg_run *run, berg_error *error);
void train_pca_release(train_pca *pca);

/* Peak bytes of train_pca_fit, and of each of the steps in pca_steps.h; `moments` and `search` take the places of
 * `gram` and `eigenvectors` by products. */
typedef struct train_pca_sizes {
  size_t fit, gram, eigenvectors, components, moments, search;
} train_pca_sizes;

train_pca_sizes train_pca_memory(size_t rows, size_t features, size_t width, size_t components, int threads);

#endif
