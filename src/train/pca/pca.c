/* Principal components of more features than fit into memory. */
#include "train/pca/pca.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "la/eigen.h"
#include "train/pca/pca_job.h"
#include "train/pca/pca_products.h"
#include "train/pca/pca_space.h"

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static bool has_fewer_features(size_t rows, size_t features, size_t width) {
  return features < rows && features <= width;
}

static size_t largest(size_t a, size_t b, size_t c) { return a > b ? (a > c ? a : c) : (b > c ? b : c); }

train_pca_sizes train_pca_memory(size_t rows, size_t features, size_t width, size_t components, int threads) {
  const size_t doubles = sizeof(double), floats = sizeof(float), team = (size_t)threads;
  const size_t widest = smaller(width, features), panel = rows * la_pitch(widest) * floats;
  const size_t moments = features * (3 * doubles + floats);
  const size_t results = moments + (features + rows) * components * floats;
  const size_t block = train_panels_block((features + widest - 1) / widest) * widest * components * floats;
  const size_t vectors = rows * components * doubles;
  const size_t gram = la_gram_memory(rows, widest) + 2 * panel + rows * 512 * doubles;
  const size_t eigen = moments + la_gram_memory(rows, LA_PANEL) + la_eigen_memory(rows, components) + vectors;
  const size_t second = 2 * panel + 2 * vectors + la_pitch(rows) * components * floats +
                        team * (components * PCA_STRIP * doubles + LA_BUFFER_BYTES) +
                        la_gram_memory(components, widest) + components * components * doubles;
  const size_t last = results + 2 * vectors + 4 * components * components * doubles +
                      team * (components * PCA_STRIP * doubles + LA_BUFFER_BYTES);
  const size_t search = pca_products_memory(rows, widest, pca_space_shape_of(rows, components).most, threads) +
                        pca_space_memory(rows, components) + pca_search_memory(rows, components);
  train_pca_sizes sizes = {.fit = results + largest(gram, eigen, second),
                           .gram = moments + gram,
                           .eigenvectors = eigen,
                           .components = largest(moments + block + second, last, 0),
                           .moments = moments + 2 * panel,
                           .search = moments + search};
  if (has_fewer_features(rows, features, width))
    sizes.fit = results + panel + features * (features + 512) * doubles + components * (features + 512) * doubles +
                la_eigen_memory(features, components);
  return sizes;
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

pca_job pca_job_of(train_pca *pca, const train_panels *panels, const train_pca_options *options,
                   const train_machine *machine) {
  const double n = (double)panels->rows, p = (double)panels->columns;
  const bool exact = has_fewer_features(panels->rows, panels->columns, panels->width) ||
                     options->products == TRAIN_PRODUCTS_F64 ||
                     (options->products == TRAIN_PRODUCTS_AUTO && n * n * p <= TRAIN_EXACT_WORK);
  *pca = (train_pca){.rows = panels->rows, .features = panels->columns, .components = options->components};
  return (pca_job){.pca = pca, .panels = panels, .options = options, .machine = machine, .exact = exact};
}

void pca_job_release(pca_job *job) {
  base_free(job->z_mean);
  base_free(job->values);
  base_free_large(job->vectors);
}

berg_status pca_make_moments(pca_job *job, berg_error *error) {
  train_pca *pca = job->pca;
  const size_t p = pca->features;
  pca->mean = base_alloc_large(p, sizeof(double), error);
  pca->variance = base_alloc_large(p, sizeof(double), error);
  pca->scale = base_alloc_large(p, sizeof(double), error);
  pca->pca_mean = base_alloc_large(p, sizeof(float), error);
  job->z_mean = base_alloc(job->panels->width, sizeof(double), error);
  return pca->mean && pca->variance && pca->scale && pca->pca_mean && job->z_mean ? BERG_OK : BERG_ELIMIT;
}

berg_status pca_make_results(pca_job *job, berg_error *error) {
  train_pca *pca = job->pca;
  const size_t p = pca->features, k = pca->components;
  pca->directions = base_alloc_large(k, p * sizeof(float), error);
  pca->scores = base_alloc_large(pca->rows, k * sizeof(float), error);
  pca->explained_variance = base_alloc(k, sizeof(float), error);
  pca->explained_variance_ratio = base_alloc(k, sizeof(float), error);
  pca->singular_values = base_alloc(k, sizeof(float), error);
  return pca->directions && pca->scores && pca->explained_variance && pca->explained_variance_ratio &&
                 pca->singular_values
             ? BERG_OK
             : BERG_ELIMIT;
}

static berg_status check(const train_panels *panels, const train_pca_options *options, const train_machine *machine,
                         berg_error *error) {
  const size_t n = panels->rows, p = panels->columns, k = options->components, most = smaller(n ? n - 1 : 0, p);
  if (!k || k > most)
    return base_fail(error, BERG_EARGUMENT,
                     "components: expected 1 to %zu (%zu rows less one, %zu features), found %zu", most, n, p, k);
  const size_t needed = train_pca_memory(n, p, panels->width, k, machine->threads).fit;
  if (machine->memory && needed > machine->memory)
    return base_fail(error, BERG_ELIMIT,
                     "principal components of %zu rows of %zu features take %zu MiB of memory, %zu MiB are allowed", n,
                     p, needed >> 20, machine->memory >> 20);
  return BERG_OK;
}

/* S^2 in `values` to what scikit-learn calls it. */
static void describe_variance(const pca_job *job) {
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

static void describe(const pca_job *job) {
  describe_variance(job);
  choose_signs(job->pca);
  for (size_t j = 0; j < job->pca->features && job->panels->offsets; j++) job->pca->mean[j] += job->panels->offsets[j];
}

berg_status pca_complete(pca_job *job, double *overlap, berg_error *error) {
  const size_t k = job->pca->components;
  for (size_t i = 0; i < k; i++)
    for (size_t j = 0; j < i; j++) overlap[j * k + i] = overlap[i * k + j];
  berg_status status = job->exact ? BERG_OK : pca_correct(job, overlap, error);
  if (status) return status;
  fill_scores(job);
  describe(job);
  return BERG_OK;
}

/* --- All in memory --- */

static berg_status find_components(pca_job *job, double *overlap, berg_error *error) {
  const size_t count = train_panels_count(job->panels), block = pca_block(job);
  pca_projection p;
  train_read_ahead *reader = NULL;
  berg_status status = pca_projection_open(&p, job, error);
  if (status) return status;
  status = train_stage_progress(&job->stage, 0, error);
  if (!status) status = train_read_ahead_start(&reader, job->panels, 0, count, pca_panel_floats(job), error);
  for (size_t first = 0; first < count && !status; first += block)
    status = pca_project(&p, reader, first, smaller(first + block, count),
                         job->pca->directions + pca_columns_before(job, first), job->pca->features, overlap, error);
  train_read_ahead_stop(reader);
  pca_projection_close(&p);
  return status;
}

static berg_status find_eigenvectors(pca_job *job, const berg_run *run, berg_error *error) {
  const size_t count = train_panels_count(job->panels);
  la_gram *gram;
  train_stage_begin(&job->stage, run, "gram", "panels", count);
  berg_status status = pca_gram_open(job, &gram, error);
  if (status) return status;
  status = pca_gram_add(job, gram, 0, count, NULL, error);
  if (!status) status = pca_gram_finish(job, gram, error);
  if (!status) train_stage_begin(&job->stage, run, "eigenvectors", "eigenvectors", job->pca->components);
  if (!status) status = pca_eigenvectors(job, la_gram_values(gram), job->panels->rows, error);
  pca_gram_close(job, gram);
  return status;
}

static berg_status by_gram(pca_job *job, const berg_run *run, berg_error *error) {
  const size_t k = job->pca->components;
  berg_status status = find_eigenvectors(job, run, error);
  if (status) return status;
  double *overlap = base_calloc(k * k, sizeof *overlap, error);
  train_stage_begin(&job->stage, run, "components", "panels", train_panels_count(job->panels));
  status = overlap ? find_components(job, overlap, error) : BERG_ELIMIT;
  if (!status) status = pca_complete(job, overlap, error);
  base_free(overlap);
  return status;
}

berg_status train_pca_fit(train_pca *pca, const train_panels *panels, const train_pca_options *options,
                          const train_machine *machine, const berg_run *run, berg_error *error) {
  memset(pca, 0, sizeof *pca);
  berg_status status = check(panels, options, machine, error);
  if (status) return status;
  pca_job job = pca_job_of(pca, panels, options, machine);
  status = pca_make_moments(&job, error);
  if (!status) status = pca_make_results(&job, error);
  if (!status && has_fewer_features(panels->rows, panels->columns, panels->width)) {
    status = pca_by_covariance(&job, run, error);
    if (!status) describe(&job);
  } else if (!status) {
    status = by_gram(&job, run, error);
  }
  pca_job_release(&job);
  if (status) train_pca_release(pca);
  return status;
}
