/* What the stages of train_pca_fit share. */
#ifndef TRAIN_PCA_JOB_H
#define TRAIN_PCA_JOB_H

#include "la/gram.h"
#include "la/moments.h"
#include "train/pca/pca.h"
#include "train/pca/read_ahead.h"

/* Columns of Z or of the directions that a thread multiplies at a time: LA_DEPTH columns of what multiplies them then stay in its
 * second cache for four slabs. */
#define PCA_STRIP ((size_t)4 * LA_PANEL)

typedef struct pca_job {
  train_pca *pca; /* results; until the end `mean` is that of the panels as they are read, without their offsets */
  const train_panels *panels;
  const train_pca_options *options;
  const train_machine *machine;
  const berg_run *run;
  bool exact;                /* products in float64 */
  model_device_gram *device; /* sums G, but for what a checkpoint had; NULL: the processor does */
  double *z_mean;            /* [width] of the panel at hand, standardised */
  double *values;            /* [components] eigenvalues of the scatter matrix, descending: S^2 */
  double *vectors;           /* [components][rows] U; by way of the covariance [components][features] */
} pca_job;

/* Floats of a buffer for any panel, as it is read or arranged. */
static inline size_t pca_panel_floats(const pca_job *job) {
  return job->panels->rows * la_pitch(train_panel_width(job->panels, 0));
}
/* From the panel as it is read, [rows][width], to [rows][la_pitch(width)], zeros beyond `width`, in the same buffer. */
la_block pca_arrange(const pca_job *job, size_t index, float *panel);
/* The moments of panel `index`, within the arrays of `pca`. */
la_moments pca_moments(const pca_job *job, size_t index);
/* Fits the moments of a panel and standardises it. EINPUT: a feature that is not finite. */
berg_status pca_fit_moments(const pca_job *job, size_t index, const la_block *block, berg_error *error);

/* Stage "gram": fills the moments, and G [rows][rows], both triangles, centred. */
berg_status pca_gram(pca_job *job, la_gram **gram, berg_error *error);
/* Stage "eigenvectors" of a scatter matrix [n][n]; checks that none of them is rounding alone. */
berg_status pca_eigenvectors(pca_job *job, const double *matrix, size_t n, berg_error *error);
/* Stage "components": directions, and with float32 products the corrected values and vectors. */
berg_status pca_components(pca_job *job, berg_error *error);
/* All three by way of the covariance, for a matrix in one panel; fills the scores too. */
berg_status pca_by_covariance(pca_job *job, berg_error *error);

/* The Rayleigh-Ritz step (pca_correct.c): `overlap` [components][components] is the Gram matrix of the directions. */
berg_status pca_correct(pca_job *job, const double *overlap, berg_error *error);

/* The checkpoint: G and the moments of the panels before `done`. Load: false where there is none that fits. */
bool pca_checkpoint_load(const pca_job *job, la_gram *gram, size_t *done);
berg_status pca_checkpoint_save(const pca_job *job, la_gram *gram, size_t done, berg_error *error);

#endif
