/* The forward pass as operations of the backend. */
#include "cuda/session.h"

#define TENSOR(layer, which) s->tensor[VIT_BLOCK(layer, which)]
#define LAUNCH(kernel, blocks, ...) \
  launch(s, kernel##_id, blocks, &(const kernel##_args){__VA_ARGS__}, sizeof(kernel##_args), fault)

static cuda_status launch(cuda_session *s, int id, size_t blocks, const void *args, size_t bytes, cuda_fault *fault) {
  return cuda_launch(s->backend, CUDA_COMPUTE, id, blocks, args, bytes, fault);
}

static cuda_status multiply(cuda_session *s, session_product which, const void *a, const void *b, void *d,
                            const void *bias, cuda_fault *fault) {
  return cuda_multiply(s->backend, s->plans[which], a, b, d, bias, fault);
}

cuda_status cuda_embed(cuda_session *s, int slot, cuda_fault *fault) {
  const size_t rows = s->chunk * VIT_TOKENS;
  cuda_status status = LAUNCH(cuda_patches, rows, s->pixels[slot], s->table, s->wide, s->bf16);
  if (!status) status = cuda_record(s->backend, CUDA_COMPUTE, CUDA_CONSUMED + slot, fault);
  if (!status) status = multiply(s, CUDA_PATCH, s->wide, s->tensor[VIT_PATCH_WEIGHT], s->tokens, NULL, fault);
  if (!status)
    status = LAUNCH(cuda_positions, rows, s->tokens, s->tensor[VIT_PATCH_BIAS], s->tensor[VIT_CLASS_TOKEN],
                    s->tensor[VIT_POSITION]);
  return status;
}

static cuda_status attend(cuda_session *s, size_t layer, cuda_fault *fault) {
  const size_t rows = s->chunk * VIT_TOKENS;
  cuda_status status = LAUNCH(cuda_layer_norm, rows, s->tokens, TENSOR(layer, VIT_LN1_GAIN),
                              TENSOR(layer, VIT_LN1_BIAS), s->narrow, s->bf16);
  if (!status) status = multiply(s, CUDA_QKV, s->narrow, TENSOR(layer, VIT_QKV_WEIGHT), s->wide, NULL, fault);
  if (!status)
    status = LAUNCH(cuda_attention, s->chunk * VIT_HEADS, s->wide, TENSOR(layer, VIT_QKV_BIAS), s->narrow, s->bf16);
  if (!status)
    status = multiply(s, CUDA_ATTENDED, s->narrow, TENSOR(layer, VIT_OUT_WEIGHT), s->tokens,
                      TENSOR(layer, VIT_OUT_BIAS), fault);
  return status;
}

static cuda_status think(cuda_session *s, size_t layer, cuda_fault *fault) {
  const size_t rows = s->chunk * VIT_TOKENS;
  cuda_status status = LAUNCH(cuda_layer_norm, rows, s->tokens, TENSOR(layer, VIT_LN2_GAIN),
                              TENSOR(layer, VIT_LN2_BIAS), s->narrow, s->bf16);
  if (!status) status = multiply(s, CUDA_UP, s->narrow, TENSOR(layer, VIT_UP_WEIGHT), s->wide, NULL, fault);
  if (!status) status = LAUNCH(cuda_gelu, 3 * rows, s->wide, TENSOR(layer, VIT_UP_BIAS), s->bf16);
  if (!status)
    status =
        multiply(s, CUDA_DOWN, s->wide, TENSOR(layer, VIT_DOWN_WEIGHT), s->tokens, TENSOR(layer, VIT_DOWN_BIAS), fault);
  return status;
}

cuda_status cuda_block(cuda_session *s, size_t layer, cuda_fault *fault) {
  cuda_status status = attend(s, layer, fault);
  return status ? status : think(s, layer, fault);
}

static cuda_status project_subject(cuda_session *s, const session_subject *of, size_t layer, int slot,
                                   cuda_fault *fault) {
  const size_t first = layer * of->tokens * VIT_CHANNELS;
  cuda_status status = LAUNCH(cuda_standardise, s->chunk * of->tokens, s->tokens, of->centre_high + first,
                              of->centre_low + first, of->reciprocal + first, s->wide, (unsigned)of->tokens, s->bf16);
  const char *directions = (const char *)of->directions + first * (s->bf16 ? 2 : 4);
  if (!status) status = cuda_multiply(s->backend, of->project, s->wide, directions, s->products, NULL, fault);
  if (!status)
    status = LAUNCH(cuda_sums, s->chunk, s->products, of->sums, of->scores[slot], (unsigned)of->tokens,
                    (unsigned)s->chunk, (unsigned)of->k, layer == 0, layer == VIT_LAYERS - 1);
  return status;
}

cuda_status cuda_project(cuda_session *s, size_t layer, int slot, cuda_fault *fault) {
  cuda_status status = CUDA_DONE;
  for (size_t i = 0; i < s->subject_count && !status; i++)
    status = project_subject(s, &s->subjects[i], layer, slot, fault);
  return status;
}

cuda_status cuda_respond(cuda_session *s, int slot, cuda_fault *fault) {
  cuda_status status = CUDA_DONE;
  for (size_t i = 0; i < s->subject_count && !status; i++) {
    const session_subject *of = &s->subjects[i];
    if (!of->columns) continue;
    status = cuda_multiply(s->backend, of->respond, of->scores[slot], of->coefficients, of->responses[slot],
                           of->intercepts, fault);
  }
  return status;
}
