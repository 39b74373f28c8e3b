/* Standardising columns without components. */
#include "train/pca/standardise.h"

#include <string.h>

#include "base/memory.h"
#include "train/pca/pca_job.h"

static berg_status fit_panel(const pca_job *job, size_t index, float *panel, float *scores, berg_error *error) {
  berg_status status = job->panels->read(job->panels->user, index, panel, error);
  if (status) return status;
  const la_block block = pca_arrange(job, index, panel);
  status = pca_fit_moments(job, index, &block, error);
  float *to = scores + index * job->panels->width;
  for (size_t i = 0; i < block.rows && !status; i++)
    memcpy(to + i * job->panels->columns, block.values + i * block.ld, block.columns * sizeof *to);
  return status;
}

static berg_status fit_panels(const pca_job *job, float *scores, berg_error *error) {
  const size_t count = train_panels_count(job->panels);
  float *panel = base_alloc_large(pca_panel_floats(job), sizeof *panel, error);
  train_stage stage;
  if (!panel) return BERG_ELIMIT;
  train_stage_begin(&stage, job->run, "standardise", "panels", count);
  berg_status status = train_stage_progress(&stage, 0, error);
  for (size_t index = 0; index < count && !status; index++) {
    status = fit_panel(job, index, panel, scores, error);
    if (!status) status = train_stage_progress(&stage, index + 1, error);
  }
  base_free_large(panel);
  return status;
}

berg_status train_standardise(train_pca *pca, float **scores, const train_panels *panels, bool standardise,
                              const train_machine *machine, const berg_run *run, berg_error *error) {
  const size_t n = panels->rows, p = panels->columns;
  const train_pca_options options = {.standardise = standardise};
  pca_job job = {.pca = pca, .panels = panels, .options = &options, .machine = machine, .run = run};
  *pca = (train_pca){.rows = n, .features = p};
  pca->mean = base_alloc_large(p, sizeof(double), error);
  pca->variance = base_alloc_large(p, sizeof(double), error);
  pca->scale = base_alloc_large(p, sizeof(double), error);
  pca->pca_mean = base_alloc_large(p, sizeof(float), error);
  job.z_mean = base_alloc(panels->width, sizeof(double), error);
  *scores = base_alloc_large(n, p * sizeof(float), error);
  berg_status status = pca->mean && pca->variance && pca->scale && pca->pca_mean && job.z_mean && *scores
                           ? fit_panels(&job, *scores, error)
                           : BERG_ELIMIT;
  for (size_t j = 0; j < p && !status && panels->offsets; j++) pca->mean[j] += panels->offsets[j];
  base_free(job.z_mean);
  if (status) {
    train_pca_release(pca);
    base_free_large(*scores);
    *scores = NULL;
  }
  return status;
}
