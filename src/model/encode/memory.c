/* How much memory a model takes while it encodes. */
#include "model/encode/batch.h"

#include "model/catalog/metadata.h"
#include "model/device/device.h"
#include "vit/preprocess.h"

/* Packed matrices take their place; of the plain ones a mapped file's pages are let go block by block, others at the
 * end. */
static size_t network_memory(const berg_model *model, bool packed) {
  size_t matrices = 0, own = 0, others = 0;
  for (size_t t = 0; t < VIT_TENSORS; t++) {
    const size_t bytes = vit_tensor_count(t) * sizeof(float);
    *(vit_is_matrix(t) ? &matrices : &others) += bytes;
    if (vit_is_matrix(t) && model->backbone.weights.owned[t]) own += bytes;
  }
  if (model->device) return matrices + others;
  if (vit_network_is_packed(model->network)) return vit_network_packed_bytes(model->network) + others;
  if (!packed) return matrices + others;
  return vit_network_packed_bytes(model->network) + (own ? own : matrices / VIT_LAYERS) + others;
}

/* In float32 the file is multiplied where it lies; else what was packed, and nothing of the file. */
static size_t matrix_memory(const berg_model *model, const la_matrix *matrix) {
  if (model->gemm->precision != LA_F32 && !model->device) return la_matrix_bytes(matrix);
  return matrix->n * matrix->k * sizeof(float);
}

static size_t scorer_memory(const berg_model *model, const model_scorer *scorer, size_t images, int threads) {
  if (model->scores_only) return images * scorer->basis->components * sizeof(float);
  const size_t bytes = 3 * scorer->basis->features * sizeof(float) + matrix_memory(model, &scorer->directions);
  if (model->device) return bytes;
  return bytes + model_projection_memory(scorer->basis, &scorer->directions, images, threads);
}

static size_t responder_memory(const berg_model *model, const model_responder *responder) {
  return responder->rows.count * (sizeof(float) + sizeof(size_t)) + matrix_memory(model, &responder->coefficients);
}

size_t model_memory_rows(const berg_model *model, size_t images) { return images * model->columns * sizeof(float); }

static size_t metadata_memory(const berg_model *model) {
  size_t bytes = 0;
  for (size_t s = 0; s < model->subject_count; s++) bytes += model_metadata_memory(model->subjects[s].metadata);
  return bytes;
}

size_t model_memory_beside(const berg_model *model, size_t images, int threads) {
  size_t bytes = metadata_memory(model);
  for (size_t i = 0; i < model->scorer_count; i++) bytes += scorer_memory(model, &model->scorers[i], images, threads);
  for (size_t i = 0; i < model->responder_count; i++) bytes += responder_memory(model, &model->responders[i]);
  return bytes;
}

/* What lies in no file. */
size_t model_memory_resting(const berg_model *model) {
  size_t bytes = metadata_memory(model);
  for (size_t i = 0; i < model->scorer_count; i++) {
    const model_scorer *scorer = &model->scorers[i];
    bytes += 3 * scorer->basis->features * sizeof(float);
    if (scorer->packed || scorer->basis->own_directions) bytes += matrix_memory(model, &scorer->directions);
  }
  for (size_t i = 0; i < model->responder_count; i++) {
    const model_responder *responder = &model->responders[i];
    bytes += responder->rows.count * (sizeof(float) + sizeof(size_t));
    if (responder->packed || responder->rows.own_coefficients) bytes += matrix_memory(model, &responder->coefficients);
  }
  return bytes;
}

size_t model_memory_shared(const berg_model *model, size_t images, bool packed) {
  const size_t libraries = (size_t)36 << 20;
  if (model->scores_only) return libraries + vit_network_workspace(model->gemm, model->threads);
  const size_t bytes = libraries + network_memory(model, packed) + 2 * images * VIT_PIXELS;
  if (model->device) return bytes + model_device_pinned_memory(model->device);
  return bytes + images * VIT_LAYER_FEATURES * sizeof(float) + vit_network_workspace(model->gemm, model->threads);
}

size_t model_memory_needed(const berg_model *model, size_t images, bool packed) {
  return model_memory_shared(model, images, packed) + model_memory_rows(model, images) +
         model_memory_beside(model, images, model->threads);
}
