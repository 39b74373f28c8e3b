/* Running a batch on the processor or a device, and looking at its scores. */
#include "model/encode/run.h"

#include <math.h>

/* Finite weights give finite scores: so this costs nothing until something is wrong, and then says what. */
static berg_status check_scores(const model_batch *batch, const model_member *member, size_t s, berg_error *error) {
  const model_basis *basis = member->model->scorers[s].basis;
  const float *values = member->scores->values[s];
  const size_t count = batch->images * member->scores->widths[s];
  bool finite = true;
  for (size_t i = 0; i < count; i++) finite &= isfinite(values[i]) != 0;
  if (finite) return BERG_OK;
  berg_status status = model_backbone_check(&batch->model->backbone, error);
  if (!status) status = model_basis_check(basis, error);
  if (status) return status;
  return base_fail(error, BERG_EMODEL, "%s with %s: scores overflow, or the backbone held a NaN", basis->path,
                   batch->model->backbone.path);
}

static berg_status check_member(const model_batch *batch, const model_member *member, berg_error *error) {
  berg_status status = BERG_OK;
  if (member->sink->wants == MODEL_FEATURES) return BERG_OK;
  for (size_t s = 0; s < member->model->scorer_count && !status; s++) status = check_scores(batch, member, s, error);
  return status;
}

berg_status model_batch_run(model_batch *batch, berg_error *error) {
  if (!batch->images) return BERG_OK;
  berg_status status = BERG_OK;
  if (batch->model->device)
    status = model_run_device(batch, error);
  else
    status = model_run_processor(batch, error);
  for (size_t m = 0; m < batch->member_count && !status; m++) status = check_member(batch, &batch->members[m], error);
  return status;
}
