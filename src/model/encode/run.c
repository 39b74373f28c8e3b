/* Running a batch on the processor or a device, and looking at its scores. */
#include "model/encode/run.h"

#include <math.h>

/* Finite weights give finite scores: so this costs nothing until something is wrong, and then says what. */
static berg_status check_scores(const model_batch *batch, size_t s, berg_error *error) {
  const model_fitted *fitted = &batch->model->subjects[s].fitted;
  const size_t count = batch->images * batch->score_widths[s];
  bool finite = true;
  for (size_t i = 0; i < count; i++) finite &= isfinite(batch->scores[s][i]) != 0;
  if (finite) return BERG_OK;
  berg_status status = model_backbone_check(&batch->model->backbone, error);
  if (!status) status = model_fitted_check_components(fitted, error);
  if (status) return status;
  return base_fail(error, BERG_EMODEL, "%s with %s: scores overflow, or the backbone held a NaN", fitted->path,
                   batch->model->backbone.path);
}

berg_status model_batch_run(model_batch *batch, berg_error *error) {
  const berg_model *model = batch->model;
  if (!batch->images) return BERG_OK;
  berg_status status = BERG_OK;
  if (model->device)
    status = model_run_device(batch, error);
  else
    model_run_processor(batch);
  for (size_t s = 0; s < model->subject_count && !status && batch->sink->wants != MODEL_FEATURES; s++)
    status = check_scores(batch, s, error);
  return status;
}
