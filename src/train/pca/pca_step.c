/* What the steps of a PCA share. */
#include "train/pca/pca_step.h"

#include "base/memory.h"
#include "io/file/whole_file.h"

pca_job pca_step_begin(const train_pca_step *step, train_pca *pca) {
  pca_job job = pca_job_of(pca, step->panels, step->options, step->machine);
  if (step->stage) job.stage = *step->stage;
  return job;
}

void pca_step_end(pca_job *job) {
  pca_job_release(job);
  train_pca_release(job->pca);
}

char *train_pca_part_path(const char *path, size_t block, berg_error *error) {
  return base_format(error, "%s.block-%02zu", path, block);
}

char *pca_part_path(const pca_job *job, const char *path, size_t first, berg_error *error) {
  return train_pca_part_path(path, first / pca_block(job), error);
}

size_t pca_block_end(const pca_job *job, size_t first) {
  const size_t count = train_panels_count(job->panels), end = first + pca_block(job);
  return end < count ? end : count;
}

berg_status pca_part_find(const pca_job *job, const train_pca_step *step, const char *magic, const char *path,
                          size_t first, bool *is_there, berg_error *error) {
  io_range found;
  *is_there = false;
  char *part = pca_part_path(job, path, first, error);
  if (!part) return BERG_ELIMIT;
  berg_status status = pca_piece_find(job, step->fingerprint, magic, part, &found, error);
  *is_there = !status && found.first == first && found.end == pca_block_end(job, first);
  base_free(part);
  return status;
}

berg_status pca_part_read(const pca_job *job, const train_pca_step *step, const pca_piece *part, const char *path,
                          bool add, berg_error *error) {
  char *name = pca_part_path(job, path, part->first, error);
  if (!name) return BERG_ELIMIT;
  pca_piece piece = *part;
  piece.adds = add;
  berg_status status = pca_piece_need(job, step->fingerprint, &piece, name, PCA_LACKS, error);
  base_free(name);
  return status;
}

berg_status pca_part_write(const pca_job *job, const train_pca_step *step, const pca_piece *part, const char *path,
                           berg_error *error) {
  char *name = pca_part_path(job, path, part->first, error);
  berg_status status = name ? pca_piece_write(job, step->fingerprint, part, name, error) : BERG_ELIMIT;
  base_free(name);
  return status;
}

berg_status pca_parts_remove(const pca_job *job, const char *path, size_t end, berg_error *error) {
  berg_status status = BERG_OK;
  for (size_t first = 0; first < end && !status; first = pca_block_end(job, first)) {
    char *part = pca_part_path(job, path, first, error);
    status = part ? io_remove_file(part, error) : BERG_ELIMIT;
    base_free(part);
  }
  return status;
}

berg_status train_pca_remove_parts(const train_pca_step *step, const char *path, berg_error *error) {
  train_pca pca;
  const pca_job job = pca_step_begin(step, &pca);
  return pca_parts_remove(&job, path, train_panels_count(step->panels), error);
}

berg_status train_pca_remove(const train_pca_step *step, const char *path, berg_error *error) {
  berg_status status = train_pca_remove_parts(step, path, error);
  return status ? status : io_remove_file(path, error);
}

bool pca_visit_gram(const pca_job *job, const pca_piece *piece, const pca_visitor *visitor) {
  const size_t first = pca_columns_before(job, piece->first), count = pca_columns_before(job, piece->end) - first;
  const train_pca *pca = job->pca;
  la_gram *gram = piece->of;
  size_t length;
  bool goes_on = visitor->take(visitor->user, pca->mean + first, count * sizeof(double), false) &&
                 visitor->take(visitor->user, pca->variance + first, count * sizeof(double), false) &&
                 visitor->take(visitor->user, pca->scale + first, count * sizeof(double), false) &&
                 visitor->take(visitor->user, pca->pca_mean + first, count * sizeof(float), false);
  if (!gram || !goes_on) return goes_on;
  double *values = la_gram_diagonal(gram, &length);
  goes_on = visitor->take(visitor->user, values, length * sizeof *values, true);
  for (size_t row = 0; row < job->panels->rows && goes_on; row++) {
    values = la_gram_right(gram, row, &length);
    goes_on = visitor->take(visitor->user, values, length * sizeof *values, true);
  }
  return goes_on;
}

bool pca_visit_vectors(const pca_job *job, const pca_piece *piece, const pca_visitor *visitor) {
  const size_t k = job->options->components;
  (void)piece;
  return visitor->take(visitor->user, job->values, k * sizeof(double), false) &&
         visitor->take(visitor->user, job->vectors, k * job->panels->rows * sizeof(double), false);
}
