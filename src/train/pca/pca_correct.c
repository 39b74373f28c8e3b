/* The Rayleigh-Ritz step that takes the rounding of G out of the components.
 *
 * With V = S^-1 U^T Z as computed and H = V V^T (about the identity), B = S V = U^T Z has the scatter matrix S H S. Its
 * eigenvectors Q (rows) and values L give the best components within the space of U: S^2 becomes L, U becomes Q U, V
 * becomes L^-1/2 Q S V. V is then orthonormal as far as H is known, 1e-7, whatever the products that made G lost. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/team.h"
#include "la/blas.h"
#include "la/columns.h"
#include "train/pca/pca_job.h"

/* `rotation` [k][k] becomes L^-1/2 Q S, `values` L descending, `ritz` Q. */
static berg_status find_rotation(const pca_job *job, const double *overlap, double *ritz, double *rotation,
                                 berg_error *error) {
  const size_t k = job->pca->components;
  double *s = job->values;
  for (size_t i = 0; i < k; i++)
    for (size_t j = 0; j < k; j++) rotation[i * k + j] = sqrt(s[i]) * overlap[i * k + j] * sqrt(s[j]);
  double *values = base_alloc(k, sizeof *values, error);
  if (!values) return BERG_ELIMIT;
  berg_status status = la_eigen_dense(rotation, k, values, error);
  for (size_t i = 0; i < k && !status; i++) {
    const double *from = rotation + (k - 1 - i) * k;
    const double sign = from[i] < 0 ? -1 : 1;
    for (size_t j = 0; j < k; j++) ritz[i * k + j] = sign * from[j];
    if (!(values[i] > 0)) status = base_fail(error, BERG_EINTERNAL, "component %zu has no variance left", k - 1 - i);
  }
  for (size_t i = 0; i < k && !status; i++)
    for (size_t j = 0; j < k; j++) rotation[i * k + j] = ritz[i * k + j] * sqrt(s[j]) / sqrt(values[k - 1 - i]);
  for (size_t i = 0; i < k && !status; i++) s[i] = values[k - 1 - i];
  base_free(values);
  return status;
}

static berg_status rotate_vectors(pca_job *job, const double *ritz, berg_error *error) {
  const size_t k = job->pca->components, n = job->panels->rows;
  double *rotated = base_alloc_large(k * n, sizeof *rotated, error);
  if (!rotated) return BERG_ELIMIT;
  berg_status status = la_multiply(job->machine->kernels, k, n, k, 1, (la_operand){ritz, k, false},
                                   (la_operand){job->vectors, n, false}, 0, rotated, n, job->machine->threads, error);
  base_free_large(job->vectors);
  job->vectors = rotated;
  return status;
}

typedef struct rotation_work {
  const pca_job *job;
  size_t k, pitch;
  float *change;  /* [k][pitch]: the rotation less the identity, so that its product may be rounded */
  double *sums;   /* each thread: [k][PCA_STRIP] */
  float *buffers; /* each thread */
} rotation_work;

static void rotate_strip(void *user, size_t index, size_t rank) {
  const rotation_work *w = user;
  const pca_job *job = w->job;
  const size_t features = job->panels->columns, k = w->k, first = index * PCA_STRIP;
  const size_t width = features - first < PCA_STRIP ? features - first : PCA_STRIP;
  double *sums = w->sums + rank * k * PCA_STRIP;
  float *to = job->pca->directions + first;
  const la_columns directions = {to, k, width, features, LA_PANEL};
  memset(sums, 0, k * PCA_STRIP * sizeof *sums);
  la_columns_multiply(job->machine->floats, job->machine->kernels, w->change, k, w->pitch, &directions, sums, PCA_STRIP,
                      w->buffers + rank * (LA_BUFFER_BYTES / sizeof(float)));
  for (size_t c = 0; c < k; c++)
    for (size_t j = 0; j < width; j++) to[c * features + j] = (float)(to[c * features + j] + sums[c * PCA_STRIP + j]);
}

static berg_status rotate_directions(pca_job *job, const double *rotation, berg_error *error) {
  const size_t k = job->pca->components, team = (size_t)job->machine->threads;
  rotation_work w = {.job = job, .k = k, .pitch = la_pitch(k)};
  w.change = base_alloc_large(k * w.pitch, sizeof(float), error);
  w.sums = base_alloc_large(team * k * PCA_STRIP, sizeof(double), error);
  w.buffers = base_alloc_large(team, LA_BUFFER_BYTES, error);
  const bool room = w.change && w.sums && w.buffers;
  for (size_t i = 0; i < k && room; i++)
    for (size_t j = 0; j < k; j++) w.change[i * w.pitch + j] = (float)(rotation[i * k + j] - (i == j));
  if (room) base_share((int)team, (job->panels->columns + PCA_STRIP - 1) / PCA_STRIP, rotate_strip, &w);
  base_free_large(w.change);
  base_free_large(w.sums);
  base_free_large(w.buffers);
  return room ? BERG_OK : BERG_ELIMIT;
}

berg_status pca_correct(pca_job *job, const double *overlap, berg_error *error) {
  const size_t k = job->pca->components;
  double *ritz = base_alloc(k * k, sizeof *ritz, error), *rotation = base_alloc(k * k, sizeof *rotation, error);
  berg_status status = ritz && rotation ? find_rotation(job, overlap, ritz, rotation, error) : BERG_ELIMIT;
  if (!status) status = rotate_vectors(job, ritz, error);
  if (!status) status = rotate_directions(job, rotation, error);
  base_free(ritz);
  base_free(rotation);
  return status;
}
