/* Comparing the files of models and stimuli with what they were. */
#include "model/encode/sources.h"

#include "io/container/container.h"
#include "model/catalog/metadata.h"
#include "model/catalog/paths.h"
#include "model/stimuli/stimuli.h"

static berg_status check_subject(const model_subject *subject, berg_error *error) {
  berg_status status = io_container_unchanged(model_metadata_file(subject->metadata), error);
  for (size_t f = 0; f < subject->fitted.file_count && !status; f++)
    status = io_container_unchanged(subject->fitted.files[f].file, error);
  return status;
}

static berg_status check_model(const berg_model *model, berg_error *error) {
  const berg_file *backbone = model->backbone.file;
  berg_status status = backbone ? io_container_unchanged(backbone, error) : BERG_OK;
  for (size_t s = 0; s < model->subject_count && !status; s++) status = check_subject(&model->subjects[s], error);
  return model_blame(status, error);
}

berg_status model_sources_unchanged(berg_model *const *models, size_t count, const berg_stimuli *stimuli,
                                    berg_error *error) {
  berg_status status = model_stimuli_unchanged(stimuli, error);
  for (size_t m = 0; m < count && !status; m++) status = check_model(models[m], error);
  return status;
}
