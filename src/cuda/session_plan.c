/* The products of a session, each with its fixed algorithm. */
#include "cuda/session.h"

static cuda_status plan_network(cuda_session *s, cuda_fault *fault) {
  const size_t m = s->chunk * VIT_TOKENS, usual = cuda_chunk_images() * VIT_TOKENS;
  const size_t C = VIT_CHANNELS, H = VIT_HIDDEN;
  /* cuBLASLt requires biases in the type of the result, so the float32 biases of narrow results are added by the kernel
   * that reads them next: attention, GELU. The patches' comes with the positions. */
  const cuda_product shapes[CUDA_PRODUCTS] = {
      [CUDA_PATCH] = {.name = "patches", .n = C, .k = VIT_PATCH_VALUES},
      [CUDA_QKV] = {.name = "qkv", .n = VIT_QKV, .k = C, .narrow_out = true},
      [CUDA_ATTENDED] = {.name = "out", .n = C, .k = C, .add_to = true, .add_bias = true},
      [CUDA_UP] = {.name = "up", .n = H, .k = C, .narrow_out = true},
      [CUDA_DOWN] = {.name = "down", .n = C, .k = H, .add_to = true, .add_bias = true}};
  cuda_status status = CUDA_DONE;
  for (int i = 0; i < CUDA_PRODUCTS && !status; i++) {
    cuda_product shape = shapes[i];
    shape.precision = s->precision;
    shape.m = m, shape.usual_m = usual, shape.batch = 1;
    shape.lda = shape.ldb = shape.k, shape.ldd = shape.n;
    status = cuda_plan_product(s->backend, &s->plans[i], &shape, fault);
  }
  return status;
}

/* A product for each token, summed in double afterwards: 768 terms in float32, as on the processor. */
static cuda_status plan_subject(cuda_session *s, session_subject *of, cuda_fault *fault) {
  const size_t width = of->tokens * VIT_CHANNELS;
  const cuda_product project = {.name = "components",
                                .precision = s->precision,
                                .m = s->chunk,
                                .n = of->k,
                                .k = VIT_CHANNELS,
                                .lda = width,
                                .ldb = VIT_LAYERS * width,
                                .ldd = of->k,
                                .batch = of->tokens,
                                .step_a = VIT_CHANNELS,
                                .step_b = VIT_CHANNELS,
                                .step_d = s->chunk * of->k,
                                .usual_m = cuda_chunk_images()};
  const cuda_product respond = {.name = "responses",
                                .precision = s->precision == CUDA_TF32 ? CUDA_TF32 : CUDA_F32,
                                .m = s->chunk,
                                .n = of->n,
                                .k = of->k,
                                .lda = of->k,
                                .ldb = of->k,
                                .ldd = of->n,
                                .batch = 1,
                                .add_bias = true,
                                .usual_m = cuda_chunk_images()};
  cuda_status status = cuda_plan_product(s->backend, &of->project, &project, fault);
  if (!status && of->columns) status = cuda_plan_product(s->backend, &of->respond, &respond, fault);
  return status;
}

cuda_status cuda_session_plan(cuda_session *s, cuda_fault *fault) {
  cuda_status status = plan_network(s, fault);
  for (size_t i = 0; i < s->subject_count && !status; i++) status = plan_subject(s, &s->subjects[i], fault);
  return status;
}
