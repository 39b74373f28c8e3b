/* What the files of the PCA share. */
#ifndef TRAIN_PCA_JOB_H
#define TRAIN_PCA_JOB_H

#include "la/gram.h"
#include "la/moments.h"
#include "train/pca/pca.h"
#include "train/pca/read_ahead.h"

/* Columns of Z or of the directions that a thread multiplies at a time: LA_DEPTH columns of what multiplies them then
 * stay in its second cache for four slabs. */
#define PCA_STRIP ((size_t)4 * LA_PANEL)

typedef struct pca_job {
  train_pca *pca; /* results; until the end `mean` is that of the panels as they are read, without their offsets */
  const train_panels *panels;
  const train_pca_options *options;
  const train_machine *machine;
  train_stage stage;         /* at hand */
  bool exact;                /* products in float64 */
  model_device_gram *device; /* sums a block; NULL: the processor does */
  bool adds;                 /* files that are read are added to, so that they must be by the same products */
  double *z_mean;            /* [width] of the panel at hand, standardised */
  double *values;            /* [components] eigenvalues of the scatter matrix, descending: S^2 */
  double *vectors;           /* [components][rows] U; by way of the covariance [components][features] */
} pca_job;

/* What a job begins with; memory is taken by those who need it. */
pca_job pca_job_of(train_pca *pca, const train_panels *panels, const train_pca_options *options,
                   const train_machine *machine);
/* Memory of the job's own, not that of `pca`. */
void pca_job_release(pca_job *job);
/* Memory of `pca`: for what is known of each feature; for the rest. ELIMIT. */
berg_status pca_make_moments(pca_job *job, berg_error *error);
berg_status pca_make_results(pca_job *job, berg_error *error);

/* Floats of a buffer for any panel, as it is read or arranged. */
static inline size_t pca_panel_floats(const pca_job *job) {
  return job->panels->rows * la_pitch(train_panel_width(job->panels, 0));
}
/* Panels of a block, and columns before panel `index`. */
static inline size_t pca_block(const pca_job *job) { return train_panels_block(train_panels_count(job->panels)); }
static inline size_t pca_columns_before(const pca_job *job, size_t index) {
  const size_t columns = index * job->panels->width;
  return columns < job->panels->columns ? columns : job->panels->columns;
}
/* From the panel as it is read, [rows][width], to [rows][la_pitch(width)], zeros beyond `width`, in the same buffer. */
la_block pca_arrange(const pca_job *job, size_t index, float *panel);
/* The moments of panel `index`, within the arrays of `pca`. */
la_moments pca_moments(const pca_job *job, size_t index);
/* Fits the moments of a panel and standardises it. EINPUT: a feature that is not finite. */
berg_status pca_fit_moments(const pca_job *job, size_t index, const la_block *block, berg_error *error);

/* A Gram matrix with a total of zero, on the device where there is one. */
berg_status pca_gram_open(pca_job *job, la_gram **gram, berg_error *error);
void pca_gram_close(pca_job *job, la_gram *gram);
/* Is told that the blocks before panel `done` are in the total. */
typedef struct pca_watch {
  berg_status (*settled)(void *user, size_t done, berg_error *error);
  void *user;
} pca_watch;
/* Fits the moments of panels [first, end), whole blocks, and adds their products to the total, block by block. `gram`
 * NULL: moments alone; `watch` may be NULL. */
berg_status pca_gram_add(pca_job *job, la_gram *gram, size_t first, size_t end, const pca_watch *watch,
                         berg_error *error);
/* From the total to G [rows][rows], both triangles, centred. */
berg_status pca_gram_finish(const pca_job *job, la_gram *gram, berg_error *error);

/* The largest eigenvectors of a scatter matrix [n][n]; checks that none of them is rounding alone. */
berg_status pca_eigenvectors(pca_job *job, const double *matrix, size_t n, berg_error *error);
/* The eigenvalue of a scatter matrix [n][n] of this trace below which one is rounding. */
double pca_smallest_eigenvalue(const pca_job *job, double trace, size_t n);
/* EARGUMENT: some of `values` are not above `smallest`. */
berg_status pca_check_eigenvalues(const pca_job *job, double smallest, berg_error *error);

/* The second pass over panels, pca_components.c. */
typedef struct pca_projection {
  pca_job *job;
  size_t components, pitch;
  float *vectors; /* [components][pitch] of the rows of Z: S^-1 U^T */
  double *sums;   /* each thread: [components][PCA_STRIP] */
  float *buffers; /* each thread */
  la_gram *gram;  /* of the components of the block at hand */
} pca_projection;

berg_status pca_projection_open(pca_projection *p, pca_job *job, berg_error *error);
/* Memory alone, without `gram`, for any number of vectors, which the caller fills in. */
berg_status pca_projection_make(pca_projection *p, pca_job *job, size_t components, berg_error *error);
/* `vectors` times a panel of Z to `directions` [components][ld], in float32. */
void pca_project_panel(const pca_projection *p, const la_block *block, float *directions, size_t ld);
void pca_projection_close(pca_projection *p);
/* Components of the panels [first, end) of one block to `directions`, whose rows lie `ld` apart, before the correction;
 * adds their Gram matrix to `overlap` [components][components], lower triangle, unless products are exact. */
berg_status pca_project(const pca_projection *p, train_read_ahead *reader, size_t first, size_t end, float *directions,
                        size_t ld, double *overlap, berg_error *error);
/* From all directions, uncorrected, and the sum of the overlaps of all blocks to the results. */
berg_status pca_complete(pca_job *job, double *overlap, berg_error *error);
/* The Rayleigh-Ritz step (pca_correct.c): `overlap` [components][components] is the Gram matrix of the directions. */
berg_status pca_correct(pca_job *job, const double *overlap, berg_error *error);

/* Directions, values and scores by way of the covariance, for a matrix in one panel. */
berg_status pca_by_covariance(pca_job *job, const berg_run *run, berg_error *error);

#endif
