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

static berg_status fit_panels(pca_job *job, float *scores, const berg_run *run, berg_error *error) {
  const size_t count = train_panels_count(job->panels);
  float *panel = base_alloc_large(pca_panel_floats(job), sizeof *panel, error);
  if (!panel) return BERG_ELIMIT;
  train_stage_begin(&job->stage, run, "standardise", "panels", count);
  berg_status status = train_stage_progress(&job->stage, 0, error);
  for (size_t index = 0; index < count && !status; index++) {
    status = fit_panel(job, index, panel, scores, error);
    if (!status) status = train_stage_progress(&job->stage, index + 1, error);
  }
  base_free_large(panel);
  return status;
}

berg_status train_standardise(train_pca *pca, float **scores, const train_panels *panels, bool standardise,
                              const train_machine *machine, const berg_run *run, berg_error *error) {
  const size_t n = panels->rows, p = panels->columns;
  const train_pca_options options = {.standardise = standardise};
  pca_job job = pca_job_of(pca, panels, &options, machine);
  *scores = base_alloc_large(n, p * sizeof(float), error);
  berg_status status = *scores ? pca_make_moments(&job, error) : BERG_ELIMIT;
  if (!status) status = fit_panels(&job, *scores, run, error);
  for (size_t j = 0; j < p && !status && panels->offsets; j++) pca->mean[j] += panels->offsets[j];
  pca_job_release(&job);
  if (status) {
    train_pca_release(pca);
    base_free_large(*scores);
    *scores = NULL;
  }
  return status;
}
