/* Loading a model onto the device, and running batches there. */
#include <string.h>

#include "base/memory.h"
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
size_t model_device_usual_batch(const model_device *device) { return CHUNKS * device->facts.chunk; }
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

berg_status model_device_load(model_device *device, const model_backbone *backbone, const model_device_subject *given,
                              size_t count, const char *precision, berg_error *error) {
  if (backbone->converted) /* EDEVICE, so that auto goes on with the processor */
    return base_fail(error, BERG_EDEVICE, "%s: its matrices are packed for the processor's %s: a device needs float32",
                     backbone->path, backbone->converted);
  cuda_subject *subjects = base_calloc(count, sizeof *subjects, error);
  if (!subjects) return BERG_ELIMIT;
  for (size_t s = 0; s < count; s++) {
    const model_basis *basis = given[s].basis;
    const model_rows *rows = given[s].rows;
    subjects[s] = (cuda_subject){.tokens = basis->tokens,
                                 .components = basis->components,
                                 .columns = rows->count,
                                 .centre_high = basis->centre_high,
                                 .centre_low = basis->centre_low,
                                 .reciprocal = basis->reciprocal,
                                 .directions = basis->directions,
                                 .direction_bytes = basis->direction_bytes,
                                 .coefficients = rows->coefficients,
                                 .coefficient_bytes = rows->coefficient_bytes,
                                 .intercepts = rows->intercepts};
  }
  cuda_model what = {.device = device->index,
                     .tensors = backbone->weights.tensor,
                     .tensor_count = VIT_TENSORS,
                     .subjects = subjects,
                     .subject_count = count};
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

/* Block outputs of one chunk of a batch. */
typedef struct chunk {
  const model_device_batch *batch;
  size_t first, images;
} chunk;

static int take_block(void *user, size_t layer, const float *tokens) {
  const chunk *c = user;
  c->batch->block(c->batch->user, c->first, c->images, layer, tokens);
  return 0;
}

static berg_status run_blocks(model_device *device, const model_device_batch *batch, berg_error *error) {
  const size_t most = device->facts.chunk;
  cuda_fault fault = {.text = ""};
  cuda_status status = CUDA_DONE;
  for (size_t first = 0; first < batch->images && !status; first += most) {
    chunk c = {batch, first, batch->images - first < most ? batch->images - first : most};
    const cuda_batch run = {
        .pixels = batch->pixels + first * VIT_PIXELS, .images = c.images, .block = take_block, .user = &c};
    status = device->plugin->run(device->session, &run, &fault);
  }
  return status ? blame(device, status, &fault, error) : BERG_OK;
}

berg_status model_device_run(model_device *device, const model_device_batch *batch, berg_error *error) {
  cuda_fault fault = {.text = ""};
  if (batch->block) return run_blocks(device, batch, error);
  const cuda_batch run = {.pixels = batch->pixels,
                          .images = batch->images,
                          .responses = batch->responses,
                          .response_ld = batch->columns,
                          .scores = batch->scores,
                          .score_ld = batch->score_widths};
  const cuda_status status = device->plugin->run(device->session, &run, &fault);
  return status ? blame(device, status, &fault, error) : BERG_OK;
}
