/* What an evaluation's predictions were made from. */
#include "train/evaluate/evaluate_sidecar.h"

#include "base/memory.h"

berg_status train_sidecar_check(const char *predictions, berg_error *error) {
  char *beside = model_sidecar_path(predictions, ".json", error);
  if (!beside) return BERG_ELIMIT;
  bool ours;
  berg_status status = model_sidecar_is_ours(beside, &ours, error);
  base_free(beside);
  if (status) return status;
  return ours ? BERG_OK : model_sidecar_check(predictions, &(berg_output_options){.sidecar = 1}, error);
}

berg_status train_sidecar_make(cJSON **tree, const berg_model *model, size_t output, const berg_stimuli *stimuli,
                               const char *predictions, const char *prepared, const char *command, berg_error *error) {
  const berg_output_options options = {.command = command, .sources = &prepared, .source_count = 1};
  const model_subject *subject = &model->subjects[0];
  model_row_names names = {0};
  model_labels labels;
  *tree = NULL;
  berg_status status = model_labels_make(&labels, model, 0, output, predictions, &options, error);
  if (status) return status;
  status = model_labels_add_rois(&labels, model, subject, error);
  if (!status) status = model_row_names_make(&names, stimuli, berg_stimuli_count(stimuli), error);
  if (!status) status = model_row_names_hash(&names, model->threads, error);
  if (!status) {
    status = model_encode_provenance(tree, model, 0, stimuli, &options, error);
    model_encode_describe(*tree, &labels, subject->outputs[output].columns, &names, stimuli);
  }
  model_row_names_release(&names);
  model_labels_release(&labels);
  return status;
}

berg_status train_sidecar_write(cJSON *tree, const char *predictions, const char *metadata, berg_error *error) {
  berg_status status = model_provenance_renew(tree, metadata, error);
  return status ? status : model_sidecar_write(predictions, tree, 1, error);
}
