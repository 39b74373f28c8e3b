/* What each stage computes, reads and writes. */
#include "train/job/cost.h"

#include <string.h>

#include "train/regress/regress.h"
#include "train/pca/store.h"
#include "vit/shape.h"

static bool is_ridge(const train_job *job) { return train_regression_is_ridge(&job->regression); }

/* By the sizes of the network's matrices. */
static double flop_per_image(void) {
  const double t = VIT_TOKENS, c = VIT_CHANNELS;
  return 2 * ((t - 1) * VIT_PATCH_VALUES * c + VIT_LAYERS * (t * c * (VIT_QKV + c + 2.0 * VIT_HIDDEN) + 2 * t * t * c));
}

train_cost train_cost_features(const train_job *job, size_t images) {
  const double share = job->images.count ? (double)images / (double)job->images.count : 0;
  return (train_cost){(double)images * flop_per_image(), share * (double)job->images.bytes,
                      share * (double)train_store_bytes(job->images.count, job->tokens)};
}

train_cost train_cost_pca(const train_job *job, size_t set, const char *stage) {
  const double n = (double)job->sets[set].count, p = (double)job->features, k = (double)job->components;
  const double features = n * p * sizeof(float);
  if (!strcmp(stage, "gram")) return (train_cost){n * (n + 1) * p, features, 0}; /* one triangle */
  if (!strcmp(stage, "eigenvectors")) return (train_cost){4 * n * n * n / 3 + 4 * n * n * k, 0, 0};
  if (!strcmp(stage, "components")) return (train_cost){2 * n * p * k, features, (double)train_bytes_pca(job, set)};
  return (train_cost){0, 0, 0};
}

train_cost train_cost_regression(const train_job *job, size_t s, size_t voxels) {
  const train_subject *subject = &job->subjects[s];
  const double trials = (double)subject->trials, v = (double)voxels, k = (double)job->components;
  double flop = 2 * trials * k * v;
  /* the covariances of all trials less those of a fold, and for each alpha the predictions of each fold */
  if (is_ridge(job)) flop *= 1 + (double)job->regression.alpha_count;
  return (train_cost){flop, trials * v * (subject->dtype == BERG_F64 ? 8 : 4),
                      v * (double)train_regression_columns(job) * sizeof(float)};
}

train_cost train_cost_weights(const train_job *job, size_t s) {
  const uint64_t own = train_bytes_weights(job, s);
  return (train_cost){0, (double)own, (double)own * (job->options->safetensors ? 2 : 1)};
}

uint64_t train_bytes_gram(const train_job *job, size_t set) {
  const uint64_t n = job->sets[set].count; /* a triangle, and what is known of each feature */
  return n * (n + 1) / 2 * sizeof(double) + job->features * (3 * sizeof(double) + sizeof(float));
}

uint64_t train_bytes_pca(const train_job *job, size_t set) {
  const uint64_t p = job->features, k = job->components, n = job->sets[set].count;
  return p * (3 * sizeof(double) + (k + 1) * sizeof(float)) + (n + 3) * k * sizeof(float);
}

uint64_t train_bytes_regression(const train_job *job, size_t s) {
  return (uint64_t)job->subjects[s].voxels * train_regression_columns(job) * sizeof(float);
}

uint64_t train_bytes_weights(const train_job *job, size_t s) {
  const uint64_t p = job->features, k = job->components;
  return p * (3 * sizeof(double) + (k + 1) * sizeof(float)) + 3 * k * sizeof(float) + train_bytes_regression(job, s);
}

size_t train_regression_columns(const train_job *job) { return job->components + 1 + (is_ridge(job) ? 2 : 0); }
