#include <string.h>

#include "base/memory.h"
#include "model/encode/batch.h"
#include "model/device/device_handle.h"
#include "vit/preprocess.h"

/* Chunks of a batch: the first one's pixels and the last one's results are copied with nothing to hide behind. */
#define CHUNKS 4

berg_status model_device_blame(const char *doing, cuda_status status, const cuda_fault *fault, berg_error *error) {
  return base_fail(error, status == CUDA_NO_MEMORY ? BERG_ELIMIT : BERG_EDEVICE, "%s: %s", doing, fault->text);
}

static berg_status blame(const model_device *device, cuda_status status, const cuda_fault *fault, berg_error *error) {
  return model_device_blame(device->name, status, fault, error);
}

const char *model_device_name(const model_device *device) { return device->name; }
const char *model_device_products(const model_device *device) { return device->facts.products; }
size_t model_device_batch(const model_device *device) { return CHUNKS * device->facts.chunk; }
size_t model_device_pinned_memory(const model_device *device) { return device->facts.pinned_memory; }

static bool precision_of(const char *name, cuda_precision *precision) {
  static const char *const names[] = {[CUDA_F32] = "f32", [CUDA_TF32] = "tf32", [CUDA_BF16] = "bf16"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strcmp(names[i], name)) {
      *precision = (cuda_precision)i;
      return true;
    }
  return false;
}

bool model_device_knows(const char *precision) {
  cuda_precision unused;
  return precision_of(precision, &unused);
}

/* --- Loading --- */

berg_status model_device_load(model_device *device, const berg_model *model, const char *precision, berg_error *error) {
  if (model->backbone.converted) /* EDEVICE, so that auto goes on with the processor */
    return base_fail(error, BERG_EDEVICE, "%s: its matrices are packed for the processor's %s: a device needs float32",
                     model->backbone.path, model->backbone.converted);
  cuda_subject *subjects = base_calloc(model->subject_count, sizeof *subjects, error);
  if (!subjects) return BERG_ELIMIT;
  for (size_t s = 0; s < model->subject_count; s++) {
    const model_fitted *fitted = &model->subjects[s].fitted;
    const model_columns *columns = &model->subjects[s].columns;
    subjects[s] = (cuda_subject){.tokens = fitted->tokens,
                                 .components = fitted->components,
                                 .columns = columns->count,
                                 .centre_high = fitted->centre_high,
                                 .centre_low = fitted->centre_low,
                                 .reciprocal = fitted->reciprocal,
                                 .directions = fitted->directions,
                                 .direction_bytes = fitted->direction_bytes,
                                 .coefficients = columns->coefficients,
                                 .coefficient_bytes = columns->coefficient_bytes,
                                 .intercepts = columns->intercepts};
  }
  cuda_model what = {.device = device->index,
                     .tensors = model->backbone.weights.tensor,
                     .tensor_count = VIT_TENSORS,
                     .subjects = subjects,
                     .subject_count = model->subject_count};
  cuda_fault fault = {.text = ""};
  if (!precision_of(precision, &what.precision)) {
    base_free(subjects);
    return base_fail(error, BERG_EPARAMETER, "precision %s: on cuda there are f32, tf32 and bf16", precision);
  }
  const cuda_status status = device->plugin->open(&device->session, &what, &fault);
  base_free(subjects);
  if (status) return blame(device, status, &fault, error);
  device->plugin->facts(device->session, &device->facts);
  return BERG_OK;
}

void *model_device_alloc(const model_device *device, size_t bytes) { return device->plugin->pinned(bytes); }
void model_device_release(const model_device *device, void *memory) { device->plugin->unpin(memory); }

/* --- Running --- */

/* Block outputs go to the batch's taker as if its images were only those of one chunk. */
static int take_block(void *user, size_t layer, const float *tokens) {
  const model_batch *part = user;
  part->take_block(part->taker, part, layer, tokens);
  return 0;
}

static berg_status run_blocks(model_device *device, const model_batch *batch, berg_error *error) {
  const size_t chunk = device->facts.chunk;
  cuda_fault fault = {.text = ""};
  cuda_status status = CUDA_DONE;
  base_team *team = base_team_begin(batch->model->threads); /* the batch's own brings the next images meanwhile */
  for (size_t first = 0; first < batch->images && !status; first += chunk) {
    model_batch part = *batch;
    part.team = team;
    part.first = first;
    part.images = batch->images - first < chunk ? batch->images - first : chunk;
    part.indices += first;
    const cuda_batch run = {.pixels = batch->loads[batch->now].pixels + first * VIT_PIXELS,
                            .images = part.images,
                            .block = take_block,
                            .user = &part};
    status = device->plugin->run(device->session, &run, &fault);
  }
  base_team_end(team);
  return status ? blame(device, status, &fault, error) : BERG_OK;
}

berg_status model_device_run(model_device *device, model_batch *batch, berg_error *error) {
  if (batch->take_block) return run_blocks(device, batch, error);
  const berg_model *model = batch->model;
  cuda_fault fault = {.text = ""};
  size_t *widths = base_alloc(model->subject_count, sizeof *widths, error);
  if (!widths) return BERG_ELIMIT;
  for (size_t s = 0; s < model->subject_count; s++) widths[s] = model_score_width(&model->subjects[s]);
  const cuda_batch run = {.pixels = batch->loads[batch->now].pixels,
                          .images = batch->images,
                          .responses = batch->responses,
                          .response_ld = model->columns,
                          .scores = batch->scores,
                          .score_ld = widths};
  const cuda_status status = device->plugin->run(device->session, &run, &fault);
  base_free(widths);
  return status ? blame(device, status, &fault, error) : BERG_OK;
}
