/* Weights and subjects to the device. */
#include "cuda/session.h"
#include "vit/embed.h"

static cuda_status upload_floats(cuda_session *s, void *to, const float *from, size_t count, cuda_fault *fault) {
  return cuda_upload(s->backend, CUDA_COMPUTE, to, count * sizeof *from, from, count * sizeof *from,
                     count * sizeof *from, 1, fault);
}

/* A matrix of `rows` rows to where `to` lies, as `any`, one row after the other. */
static cuda_status upload_matrix(cuda_session *s, void *to, const void *from, size_t from_ld, size_t columns,
                                 size_t rows, cuda_fault *fault) {
  const size_t row = columns * sizeof(float);
  if (!s->bf16) return cuda_upload(s->backend, CUDA_COMPUTE, to, row, from, from_ld, row, rows, fault);
  const size_t most = CUDA_STAGING / columns;
  cuda_status status = CUDA_DONE;
  for (size_t first = 0; first < rows && !status; first += most) {
    const size_t count = rows - first < most ? rows - first : most;
    const cuda_round_args args = {s->staging, (uint16_t *)to + first * columns, count * columns};
    status = cuda_upload(s->backend, CUDA_COMPUTE, s->staging, row, (const char *)from + first * from_ld, from_ld, row,
                         count, fault);
    if (!status)
      status = cuda_launch(s->backend, CUDA_COMPUTE, cuda_round_id,
                           (args.count + CUDA_ROUND_PIECE - 1) / CUDA_ROUND_PIECE, &args, sizeof args, fault);
  }
  return status;
}

static cuda_status upload_network(cuda_session *s, const cuda_model *model, cuda_fault *fault) {
  vit_normalisation normalisation;
  vit_normalisation_init(&normalisation);
  cuda_status status = upload_floats(s, s->table, normalisation.value[0], 3 * 256, fault);
  if (!status) status = cuda_finish_all(s->backend, fault); /* the table is on the stack */
  for (size_t t = 0; t < VIT_TENSORS && !status; t++) {
    const cuda_tensor of = cuda_tensor_of(t);
    if (of.matrix)
      status =
          upload_matrix(s, s->tensor[t], model->tensors[t], of.columns * sizeof(float), of.columns, of.rows, fault);
    else
      status = upload_floats(s, s->tensor[t], model->tensors[t], of.rows * of.columns, fault);
  }
  return status;
}

static cuda_status upload_subject(cuda_session *s, session_subject *to, const cuda_subject *from, cuda_fault *fault) {
  const size_t features = VIT_LAYERS * to->tokens * VIT_CHANNELS, number = s->bf16 ? 2 : 4;
  cuda_status status = upload_floats(s, to->centre_high, from->centre_high, features, fault);
  if (!status) status = upload_floats(s, to->centre_low, from->centre_low, features, fault);
  if (!status) status = upload_floats(s, to->reciprocal, from->reciprocal, features, fault);
  if (!status) status = cuda_zero(s->backend, CUDA_COMPUTE, to->directions, to->k * features * number, fault);
  if (!status)
    status = upload_matrix(s, to->directions, from->directions, from->direction_bytes, features, to->components, fault);
  if (status || !to->columns) return status;
  status = cuda_zero(s->backend, CUDA_COMPUTE, to->coefficients, to->n * to->k * sizeof(float), fault);
  if (!status)
    status = cuda_upload(s->backend, CUDA_COMPUTE, to->coefficients, to->k * sizeof(float), from->coefficients,
                         from->coefficient_bytes, to->components * sizeof(float), to->columns, fault);
  if (!status) status = cuda_zero(s->backend, CUDA_COMPUTE, to->intercepts, to->n * sizeof(float), fault);
  if (!status) status = upload_floats(s, to->intercepts, from->intercepts, to->columns, fault);
  return status;
}

cuda_status cuda_session_upload(cuda_session *s, const cuda_model *model, cuda_fault *fault) {
  cuda_status status = upload_network(s, model, fault);
  for (size_t i = 0; i < s->subject_count && !status; i++)
    status = upload_subject(s, &s->subjects[i], &model->subjects[i], fault);
  /* the images that fill up the last chunk of a batch are left over from before: black at first */
  for (int slot = 0; slot < 2 && !status; slot++)
    status = cuda_zero(s->backend, CUDA_COMPUTE, s->pixels[slot], s->chunk * CUDA_PIXELS, fault);
  if (!status) status = cuda_finish_all(s->backend, fault);
  if (!status) cuda_session_free_staging(s);
  return status;
}
