/* Principal components of more features than fit into memory. */
#include "train/pca/pca.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "la/eigen.h"
#include "train/pca/pca_job.h"

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static bool has_fewer_features(size_t rows, size_t features, size_t width) {
  return features < rows && features <= width;
}

size_t train_pca_memory(size_t rows, size_t features, size_t width, size_t components, int threads) {
  const size_t doubles = sizeof(double), floats = sizeof(float), team = (size_t)threads;
  const size_t widest = smaller(width, features), panel = rows * la_pitch(widest) * floats;
  const size_t results = features * (3 * doubles + (1 + components) * floats) + rows * components * floats;
  if (has_fewer_features(rows, features, width))
    return results + panel + features * (features + 512) * doubles + components * (features + 512) * doubles +
           la_eigen_memory(features, components);
  const size_t vectors = rows * components * doubles;
  const size_t gram = la_gram_memory(rows, widest) + 2 * panel + rows * 512 * doubles;
  const size_t eigen = rows * rows * doubles + la_eigen_memory(rows, components) + vectors;
  const size_t second = 2 * panel + 2 * vectors + la_pitch(rows) * components * floats +
                        team * (components * PCA_STRIP * doubles + LA_BUFFER_BYTES) +
                        la_gram_memory(components, widest);
  size_t peak = gram > eigen ? gram : eigen;
  return results + (peak > second ? peak : second);
}

void train_pca_release(train_pca *pca) {
  base_free_large(pca->mean);
  base_free_large(pca->variance);
  base_free_large(pca->scale);
  base_free_large(pca->pca_mean);
  base_free_large(pca->directions);
  base_free_large(pca->scores);
  base_free(pca->explained_variance);
  base_free(pca->explained_variance_ratio);
  base_free(pca->singular_values);
  memset(pca, 0, sizeof *pca);
}

static berg_status make_room(train_pca *pca, berg_error *error) {
  const size_t p = pca->features, k = pca->components;
  pca->mean = base_alloc_large(p, sizeof(double), error);
  pca->variance = base_alloc_large(p, sizeof(double), error);
  pca->scale = base_alloc_large(p, sizeof(double), error);
  pca->pca_mean = base_alloc_large(p, sizeof(float), error);
  pca->directions = base_alloc_large(k, p * sizeof(float), error);
  pca->scores = base_alloc_large(pca->rows, k * sizeof(float), error);
  pca->explained_variance = base_alloc(k, sizeof(float), error);
  pca->explained_variance_ratio = base_alloc(k, sizeof(float), error);
  pca->singular_values = base_alloc(k, sizeof(float), error);
  return pca->mean && pca->variance && pca->scale && pca->pca_mean && pca->directions && pca->scores &&
                 pca->explained_variance && pca->explained_variance_ratio && pca->singular_values
             ? BERG_OK
             : BERG_ELIMIT;
}

static berg_status check(const train_panels *panels, const train_pca_options *options, const train_machine *machine,
                         berg_error *error) {
  const size_t n = panels->rows, p = panels->columns, k = options->components, most = smaller(n ? n - 1 : 0, p);
  if (!k || k > most)
    return base_fail(error, BERG_EARGUMENT,
                     "components: expected 1 to %zu (%zu rows less one, %zu features), found %zu", most, n, p, k);
  const size_t needed = train_pca_memory(n, p, panels->width, k, machine->threads);
  if (machine->memory && needed > machine->memory)
    return base_fail(error, BERG_ELIMIT,
                     "principal components of %zu rows of %zu features take %zu MiB of memory, %zu MiB are allowed", n,
                     p, needed >> 20, machine->memory >> 20);
  return BERG_OK;
}

static berg_status tell_eigenvectors(void *user, size_t converged, berg_error *error) {
  return train_stage_progress(user, converged, error);
}

/* Below this an eigenvalue is rounding: of float32 products, n of which are summed at random signs, or of Z itself. */
static double smallest_eigenvalue(const pca_job *job, const double *matrix, size_t n) {
  double trace = 0;
  for (size_t i = 0; i < n; i++) trace += matrix[i * n + i];
  return trace / (double)n * (job->exact ? 1e-12 : 2 * FLT_EPSILON * sqrt((double)n));
}

berg_status pca_eigenvectors(pca_job *job, const double *matrix, size_t n, berg_error *error) {
  const size_t k = job->pca->components;
  const double smallest = smallest_eigenvalue(job, matrix, n);
  train_stage stage;
  if (!isfinite(smallest))
    return base_fail(error, BERG_EINPUT, "the features are too large to be multiplied in float32: standardise them");
  train_stage_begin(&stage, job->run, "eigenvectors", "eigenvectors", k);
  berg_status status = train_stage_progress(&stage, 0, error);
  job->vectors = status ? NULL : base_alloc_large(k * n, sizeof(double), error);
  if (!status && !job->vectors) status = BERG_ELIMIT;
  if (!status)
    status = la_eigen_largest(matrix, n, k, job->machine->threads, job->values, job->vectors,
                              &(la_eigen_watch){tell_eigenvectors, &stage}, error);
  if (status) return status;
  size_t independent = k;
  while (independent && !(job->values[independent - 1] > smallest)) independent--;
  if (independent < k)
    return base_fail(error, BERG_EARGUMENT,
                     "components: %zu asked for, but the features of these %zu rows have only %zu independent "
                     "directions",
                     k, job->panels->rows, independent);
  return train_stage_progress(&stage, k, error);
}

/* S^2 in `values` to what scikit-learn calls it. */
static void describe(const pca_job *job) {
  train_pca *pca = job->pca;
  const double n = (double)pca->rows;
  const size_t most = smaller(pca->rows, pca->features);
  double total = 0, explained = 0;
  for (size_t j = 0; j < pca->features; j++) total += pca->variance[j] / (pca->scale[j] * pca->scale[j]);
  total *= n / (n - 1);
  for (size_t c = 0; c < pca->components; c++) {
    const double variance = job->values[c] / (n - 1);
    explained += variance;
    pca->explained_variance[c] = (float)variance;
    pca->explained_variance_ratio[c] = (float)(variance / total);
    pca->singular_values[c] = (float)sqrt(job->values[c]);
  }
  const double left = total > explained ? total - explained : 0;
  pca->noise_variance = most > pca->components ? (float)(left / (double)(most - pca->components)) : 0;
}

static void fill_scores(const pca_job *job) {
  train_pca *pca = job->pca;
  for (size_t i = 0; i < pca->rows; i++)
    for (size_t c = 0; c < pca->components; c++)
      pca->scores[i * pca->components + c] = (float)(job->vectors[c * pca->rows + i] * sqrt(job->values[c]));
}

/* The entry of largest magnitude of each row becomes positive, the first of equal ones; the scores follow. */
static void choose_signs(train_pca *pca) {
  for (size_t c = 0; c < pca->components; c++) {
    float *row = pca->directions + c * pca->features, largest = 0;
    for (size_t j = 0; j < pca->features; j++)
      if (fabsf(row[j]) > fabsf(largest)) largest = row[j];
    if (largest >= 0) continue;
    for (size_t j = 0; j < pca->features; j++) row[j] = -row[j];
    for (size_t i = 0; i < pca->rows; i++) pca->scores[i * pca->components + c] *= -1;
  }
}

static berg_status by_gram(pca_job *job, berg_error *error) {
  la_gram *gram;
  berg_status status = pca_gram(job, &gram, error);
  if (!status) status = pca_eigenvectors(job, la_gram_values(gram), job->panels->rows, error);
  la_gram_free(gram);
  if (!status) status = pca_components(job, error);
  if (!status) fill_scores(job);
  return status;
}

berg_status train_pca_fit(train_pca *pca, const train_panels *panels, const train_pca_options *options,
                          const train_machine *machine, const berg_run *run, berg_error *error) {
  memset(pca, 0, sizeof *pca);
  berg_status status = check(panels, options, machine, error);
  if (status) return status;
  pca->rows = panels->rows, pca->features = panels->columns, pca->components = options->components;
  pca_job job = {.pca = pca, .panels = panels, .options = options, .machine = machine, .run = run};
  const double work = (double)panels->rows * (double)panels->rows * (double)panels->columns;
  const bool narrow = has_fewer_features(panels->rows, panels->columns, panels->width);
  job.exact = narrow || options->products == TRAIN_PRODUCTS_F64 ||
              (options->products == TRAIN_PRODUCTS_AUTO && work <= TRAIN_EXACT_WORK);
  job.z_mean = base_alloc(smaller(panels->width, panels->columns), sizeof(double), error);
  job.values = base_alloc(options->components, sizeof(double), error);
  status = job.z_mean && job.values ? make_room(pca, error) : BERG_ELIMIT;
  if (!status) status = narrow ? pca_by_covariance(&job, error) : by_gram(&job, error);
  if (!status) {
    describe(&job);
    choose_signs(pca);
    for (size_t j = 0; j < pca->features && panels->offsets; j++) pca->mean[j] += panels->offsets[j];
    if (options->checkpoint) unlink(options->checkpoint);
  }
  base_free(job.z_mean);
  base_free(job.values);
  base_free_large(job.vectors);
  if (status) train_pca_release(pca);
  return status;
}
