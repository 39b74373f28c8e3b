/* The largest eigenvectors of a scatter matrix, and whether there are as many as were asked for. */
#include <float.h>
#include <math.h>

#include "base/memory.h"
#include "la/eigen.h"
#include "train/pca/pca_job.h"

static berg_status tell_eigenvectors(void *user, size_t converged, berg_error *error) {
  return train_stage_progress(user, converged, error);
}

/* Below this an eigenvalue is rounding: of float32 products, n of which are summed at random signs, or of Z itself. */
double pca_smallest_eigenvalue(const pca_job *job, double trace, size_t n) {
  return trace / (double)n * (job->exact ? 1e-12 : 2 * FLT_EPSILON * sqrt((double)n));
}

berg_status pca_check_eigenvalues(const pca_job *job, double smallest, berg_error *error) {
  const size_t k = job->pca->components;
  size_t independent = k;
  while (independent && !(job->values[independent - 1] > smallest)) independent--;
  if (independent == k) return BERG_OK;
  return base_fail(error, BERG_EARGUMENT,
                   "components: %zu asked for, but the features of these %zu rows have only %zu independent "
                   "directions",
                   k, job->panels->rows, independent);
}

berg_status pca_eigenvectors(pca_job *job, const double *matrix, size_t n, berg_error *error) {
  const size_t k = job->pca->components;
  double trace = 0;
  for (size_t i = 0; i < n; i++) trace += matrix[i * n + i];
  const double smallest = pca_smallest_eigenvalue(job, trace, n);
  if (!isfinite(smallest))
    return base_fail(error, BERG_EINPUT, "the features are too large to be multiplied in float32: standardise them");
  berg_status status = train_stage_progress(&job->stage, 0, error);
  if (status) return status;
  job->values = base_alloc(k, sizeof(double), error);
  job->vectors = base_alloc_large(k * n, sizeof(double), error);
  if (!job->values || !job->vectors) status = BERG_ELIMIT;
  if (!status)
    status = la_eigen_largest(job->machine->kernels, matrix, n, k, job->machine->threads, job->values, job->vectors,
                              &(la_eigen_watch){tell_eigenvectors, &job->stage}, error);
  if (status) return status;
  status = pca_check_eigenvalues(job, smallest, error);
  return status ? status : train_stage_progress(&job->stage, k, error);
}
