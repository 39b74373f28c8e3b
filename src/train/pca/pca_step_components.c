/* The steps of the second pass: components of blocks of panels as parts, and the PCA that these become. */
#include "base/memory.h"
#include "train/pca/pca_step.h"

/* What a part holds. */
typedef struct part {
  float *directions; /* [components][columns of the block], rows `ld` apart */
  size_t ld;
  double *overlap; /* [components][components] */
} part;

static bool visit_part(const pca_job *job, const pca_piece *piece, const pca_visitor *visitor) {
  const part *p = piece->of;
  const size_t k = job->options->components;
  const size_t columns = pca_columns_before(job, piece->end) - pca_columns_before(job, piece->first);
  bool goes_on = true;
  for (size_t c = 0; c < k && goes_on; c++)
    goes_on = visitor->take(visitor->user, p->directions + c * p->ld, columns * sizeof *p->directions, false);
  return goes_on && visitor->take(visitor->user, p->overlap, k * k * sizeof *p->overlap, true);
}

static pca_piece piece_of(part *p, size_t first, size_t end) {
  return (pca_piece){.magic = PCA_COMPONENTS, .first = first, .end = end, .visit = visit_part, .of = p};
}

/* The moments, and what the eigenvectors' step left. */
static berg_status read_inputs(const train_pca_step *step, pca_job *job, berg_error *error) {
  const size_t k = step->options->components, n = step->panels->rows;
  const pca_piece moments = {.magic = PCA_GRAM, .end = train_panels_count(step->panels), .visit = pca_visit_gram};
  const pca_piece vectors = {.magic = PCA_VECTORS, .end = 1, .visit = pca_visit_vectors};
  berg_status status = pca_make_moments(job, error);
  if (status) return status;
  job->values = base_alloc(k, sizeof(double), error);
  job->vectors = base_alloc_large(k * n, sizeof(double), error);
  if (!job->values || !job->vectors) return BERG_ELIMIT;
  status = pca_piece_need(job, step->fingerprint, &moments, step->gram, PCA_LACKS_PANELS, error);
  if (status) return status;
  return pca_piece_need(job, step->fingerprint, &vectors, step->vectors, PCA_LACKS, error);
}

/* --- Parts --- */

static berg_status make_part(const train_pca_step *step, const pca_projection *projection, part *p, size_t first,
                             berg_error *error) {
  pca_job *job = projection->job;
  const size_t k = step->options->components, end = pca_block_end(job, first);
  train_read_ahead *reader;
  p->ld = pca_columns_before(job, end) - pca_columns_before(job, first);
  for (size_t i = 0; i < k * k; i++) p->overlap[i] = 0;
  berg_status status = train_read_ahead_start(&reader, step->panels, first, end, pca_panel_floats(job), error);
  if (status) return status;
  status = pca_project(projection, reader, first, end, p->directions, p->ld, p->overlap, error);
  train_read_ahead_stop(reader);
  const pca_piece piece = piece_of(p, first, end);
  return status ? status : pca_part_write(job, step, &piece, step->components, error);
}

static berg_status make_parts(const train_pca_step *step, pca_job *job, part *p, size_t first, size_t end,
                              berg_error *error) {
  pca_projection projection;
  berg_status status = pca_projection_open(&projection, job, error);
  if (status) return status;
  status = train_stage_progress(&job->stage, first, error);
  for (; first < end && !status; first = pca_block_end(job, first)) {
    bool is_there;
    status = pca_part_find(job, step, PCA_COMPONENTS, step->components, first, &is_there, error);
    if (!status && !is_there) status = make_part(step, &projection, p, first, error);
  }
  pca_projection_close(&projection);
  return status;
}

berg_status train_pca_step_components(const train_pca_step *step, size_t first, size_t end, berg_error *error) {
  train_pca pca;
  pca_job job = pca_step_begin(step, &pca);
  const size_t k = step->options->components;
  part p = {NULL, 0, base_alloc(k * k, sizeof *p.overlap, error)};
  p.directions = base_alloc_large(k * pca_columns_before(&job, pca_block(&job)), sizeof *p.directions, error);
  berg_status status = p.directions && p.overlap ? read_inputs(step, &job, error) : BERG_ELIMIT;
  if (!status) status = make_parts(step, &job, &p, first, end, error);
  base_free_large(p.directions);
  base_free(p.overlap);
  pca_step_end(&job);
  return status;
}

berg_status train_pca_components_done(const train_pca_step *step, io_ranges *done, berg_error *error) {
  train_pca pca;
  const pca_job job = pca_step_begin(step, &pca);
  const size_t count = train_panels_count(step->panels);
  berg_status status = BERG_OK;
  *done = (io_ranges){.count = 0};
  for (size_t first = 0; first < count && !status; first = pca_block_end(&job, first)) {
    bool is_there = false;
    status = pca_part_find(&job, step, PCA_COMPONENTS, step->components, first, &is_there, error);
    if (is_there) io_ranges_add(done, first, pca_block_end(&job, first));
  }
  return status;
}

/* --- All of them --- */

static berg_status merge(const train_pca_step *step, pca_job *job, double *overlap, berg_error *error) {
  const size_t count = train_panels_count(step->panels), p = step->panels->columns;
  berg_status status = read_inputs(step, job, error);
  if (!status) status = pca_make_results(job, error);
  for (size_t first = 0; first < count && !status; first = pca_block_end(job, first)) {
    part of = {job->pca->directions + pca_columns_before(job, first), p, overlap};
    const pca_piece piece = piece_of(&of, first, pca_block_end(job, first));
    status = pca_part_read(job, step, &piece, step->components, true, error);
  }
  return status ? status : pca_complete(job, overlap, error);
}

berg_status train_pca_merge_components(const train_pca_step *step, train_pca *pca, berg_error *error) {
  const size_t k = step->options->components;
  pca_job job = pca_step_begin(step, pca);
  double *overlap = base_calloc(k * k, sizeof *overlap, error);
  berg_status status = overlap ? merge(step, &job, overlap, error) : BERG_ELIMIT;
  base_free(overlap);
  pca_job_release(&job);
  if (status) train_pca_release(pca);
  return status;
}
