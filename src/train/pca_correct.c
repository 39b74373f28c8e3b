/* The Rayleigh-Ritz step that takes the rounding of G out of the components.
 *
 * With V = S^-1 U^T Z as computed and H = V V^T (about the identity), B = S V = U^T Z has the scatter matrix S H S. Its
 * eigenvectors Q (rows) and values L give the best components within the space of U: S^2 becomes L, U becomes Q U, V becomes
 * L^-1/2 Q S V. V is then orthonormal as far as H is known, 1e-7, whatever the products that made G lost. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/memory.h"
#include "la/blas.h"
#include "train/pca_job.h"

#define STRIP 64

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
  berg_status status = la_multiply(k, n, k, 1, (la_operand){ritz, k, false}, (la_operand){job->vectors, n, false}, 0,
                                   rotated, n, job->machine->threads, error);
  base_free_large(job->vectors);
  job->vectors = rotated;
  return status;
}

typedef struct rotation_work {
  size_t k, depth;
  float *change;                 /* [k][depth]: the rotation less the identity, so that its product may be rounded */
  float *strip, *packed, *added; /* each thread: [depth][STRIP] twice, [k][STRIP] */
  char *scratch;
  size_t scratch_bytes;
} rotation_work;

static bool rotate_strip(const pca_job *job, const rotation_work *w, size_t first, size_t rank) {
  const la_engine *engine = job->machine->engine;
  const size_t features = job->panels->columns, k = w->k;
  const size_t width = features - first < STRIP ? features - first : STRIP;
  float *strip = w->strip + rank * w->depth * STRIP, *packed = w->packed + rank * w->depth * STRIP,
        *added = w->added + rank * k * STRIP, *to = job->pca->directions + first;
  const la_old_matrix matrix = {NULL, STRIP, w->depth, STRIP, packed};
  memset(strip, 0, w->depth * STRIP * sizeof *strip);
  for (size_t c = 0; c < k; c++) memcpy(strip + c * STRIP, to + c * features, width * sizeof *strip);
  if (la_pack_columns(engine, w->depth, STRIP, strip, STRIP, packed, NULL) ||
      !la_old_product(engine, k, &matrix, 0, w->change, added, w->scratch + rank * w->scratch_bytes))
    return false;
  for (size_t c = 0; c < k; c++)
    for (size_t j = 0; j < width; j++) to[c * features + j] += added[c * STRIP + j];
  return true;
}

static berg_status rotate_directions(pca_job *job, const double *rotation, berg_error *error) {
  const size_t k = job->pca->components, team = (size_t)job->machine->threads;
  rotation_work w = {.k = k, .depth = la_padded(k)};
  berg_status status = la_engine_plan(job->machine->engine, k, w.depth, STRIP, error);
  if (status) return status;
  w.scratch_bytes = (la_engine_scratch(job->machine->engine) + BASE_ALIGNMENT) / BASE_ALIGNMENT * BASE_ALIGNMENT;
  w.change = base_calloc(k * w.depth, sizeof(float), error);
  w.strip = base_alloc(team * w.depth * STRIP, sizeof(float), error);
  w.packed = base_alloc(team * w.depth * STRIP, sizeof(float), error);
  w.added = base_alloc(team * k * STRIP, sizeof(float), error);
  w.scratch = base_alloc(team, w.scratch_bytes, error);
  bool done = w.change && w.strip && w.packed && w.added && w.scratch;
  if (!done) status = BERG_ELIMIT;
  for (size_t i = 0; i < k && done; i++)
    for (size_t j = 0; j < k; j++) w.change[i * w.depth + j] = (float)(rotation[i * k + j] - (i == j));
  if (done) {
#pragma omp parallel num_threads(job->machine->threads) reduction(&& : done)
    {
      la_engine_enter_thread();
#pragma omp for schedule(dynamic, 8)
      for (size_t first = 0; first < job->panels->columns; first += STRIP)
        done = done && rotate_strip(job, &w, first, (size_t)omp_get_thread_num());
    }
    if (!done) status = base_fail(error, BERG_EINTERNAL, "oneDNN could not multiply rows of %zu numbers", w.depth);
  }
  base_free(w.change);
  base_free(w.strip);
  base_free(w.packed);
  base_free(w.added);
  base_free(w.scratch);
  return status;
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
