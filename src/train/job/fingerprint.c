/* By which the stages of a run know their own files again. */
#include "base/hash.h"
#include "base/machine.h"
#include "model/catalog/paths.h"
#include "train/job/job.h"
#include "train/regress/regress.h"

uint64_t train_hash_features(const train_job *job, const char *engine, const char *backbone) {
  uint64_t hash = base_hash_text(BASE_HASH_START, berg_version());
  hash = base_hash_text(hash, engine);
  hash = base_hash_text(hash, base_isa_name(base_machine_isa()));
  hash = model_hash_file(hash, backbone);
  hash = base_hash_number(hash, job->tokens);
  hash = base_hash_number(hash, job->images.count);
  return base_hash_number(hash, job->images.hash);
}

static uint64_t hash_rows(uint64_t hash, const size_t *rows, size_t count) {
  hash = base_hash_number(hash, count);
  for (size_t i = 0; i < count; i++) hash = base_hash_number(hash, rows[i]);
  return hash;
}

uint64_t train_hash_pca(const train_job *job, size_t set, uint64_t features) {
  uint64_t hash = hash_rows(features, job->sets[set].rows, job->sets[set].count);
  return base_hash_number(hash, job->components);
}

uint64_t train_hash_regression(const train_job *job, size_t s, size_t chunks, uint64_t pca) {
  const train_subject *subject = &job->subjects[s];
  const berg_regression_options *options = &job->regression;
  uint64_t hash = hash_rows(pca, subject->rows, subject->trials);
  hash = model_hash_file(hash, subject->responses);
  hash = base_hash_text(hash, options->method);
  if (!train_regression_is_ridge(options)) return hash;
  hash = base_hash_number(hash, options->alpha_count);
  if (options->alphas) hash = base_hash_bytes(hash, options->alphas, options->alpha_count * sizeof *options->alphas);
  hash = base_hash_number(hash, options->folds);
  hash = base_hash_number(hash, options->alpha_per_voxel != 0);
  /* one alpha for each chunk: then the chunks are part of the model */
  return options->alpha_per_voxel ? hash : base_hash_number(hash, chunks);
}
