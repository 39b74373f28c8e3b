/* The memory of a session: counted first, then allocated. */
#include <stdio.h>

#include "cuda/session.h"

/* Beyond what is counted: rounding of each allocation, kernels' own stacks. */
#define RESERVE ((size_t)64 << 20)

/* One buffer of the device, or of pinned memory. */
typedef cuda_status (*visit_buffer)(cuda_session *session, void **memory, size_t bytes, void *user, cuda_fault *fault);

typedef struct walk {
  cuda_session *session;
  visit_buffer visit;
  void *user;
  cuda_fault *fault;
  cuda_status status;
} walk;

static void see(walk *w, void *memory_pointer, size_t bytes) {
  if (!w->status) w->status = w->visit(w->session, memory_pointer, bytes, w->user, w->fault);
}

static size_t number_bytes(const cuda_session *session) { return session->bf16 ? 2 : 4; }

/* What does not depend on the chunk. */
static void see_weights(walk *w) {
  cuda_session *s = w->session;
  see(w, &s->table, 3 * 256 * sizeof(float));
  if (s->bf16) see(w, &s->staging, CUDA_STAGING * sizeof(float));
  for (size_t t = 0; t < VIT_TENSORS; t++) {
    const cuda_tensor of = cuda_tensor_of(t);
    see(w, &s->tensor[t], of.rows * of.columns * (of.matrix ? number_bytes(s) : sizeof(float)));
  }
  for (size_t i = 0; i < s->subject_count; i++) {
    session_subject *of = &s->subjects[i];
    const size_t features = VIT_LAYERS * of->tokens * VIT_CHANNELS;
    see(w, &of->centre_high, features * sizeof(float));
    see(w, &of->centre_low, features * sizeof(float));
    see(w, &of->reciprocal, features * sizeof(float));
    see(w, &of->directions, of->k * features * number_bytes(s));
    see(w, &of->coefficients, of->n * of->k * sizeof(float));
    see(w, &of->intercepts, of->n * sizeof(float));
  }
}

static void see_workspace(walk *w, size_t chunk) {
  cuda_session *s = w->session;
  const size_t rows = chunk * VIT_TOKENS;
  size_t products = 0;
  see(w, &s->tokens, rows * VIT_CHANNELS * sizeof(float));
  see(w, &s->narrow, rows * VIT_CHANNELS * number_bytes(s));
  see(w, &s->wide, rows * VIT_HIDDEN * number_bytes(s));
  for (int slot = 0; slot < 2; slot++) {
    see(w, &s->pixels[slot], chunk * CUDA_PIXELS);
    see(w, &s->blocks[slot], rows * VIT_CHANNELS * sizeof(float));
  }
  for (size_t i = 0; i < s->subject_count; i++) {
    session_subject *of = &s->subjects[i];
    const size_t own = of->tokens * chunk * of->k;
    if (own > products) products = own;
    see(w, &of->sums, chunk * of->k * sizeof(double));
    for (int slot = 0; slot < 2; slot++) {
      see(w, &of->scores[slot], chunk * of->k * sizeof(float));
      see(w, &of->responses[slot], chunk * of->n * sizeof(float));
    }
  }
  if (products) see(w, &s->products, products * sizeof(float));
}

static void see_pinned(walk *w, size_t chunk) {
  cuda_session *s = w->session;
  for (int slot = 0; slot < 2; slot++) {
    see(w, &s->pinned_pixels[slot], chunk * CUDA_PIXELS);
    see(w, &s->pinned_blocks[slot], chunk * VIT_LAYER_FEATURES * sizeof(float));
    if (s->columns) see(w, &s->pinned_responses[slot], chunk * s->columns * sizeof(float));
    for (size_t i = 0; i < s->subject_count; i++)
      see(w, &s->subjects[i].pinned_scores[slot], chunk * s->subjects[i].k * sizeof(float));
  }
}

/* --- Counting --- */

static cuda_status count(cuda_session *session, void **memory, size_t bytes, void *user, cuda_fault *fault) {
  (void)session, (void)memory, (void)fault;
  *(size_t *)user += bytes;
  return CUDA_DONE;
}

static size_t needed(cuda_session *session, size_t chunk) {
  size_t bytes = RESERVE;
  walk w = {.session = session, .visit = count, .user = &bytes};
  see_weights(&w);
  see_workspace(&w, chunk);
  return bytes;
}

static size_t megabytes(size_t bytes) { return (bytes >> 20) + 1; }

/* Says what is available, what is needed, and what would need less. */
static cuda_status does_not_fit(cuda_session *session, size_t most, size_t total, cuda_fault *fault) {
  char instead[160] = "";
  const size_t least = needed(session, 1);
  if (!session->bf16) {
    session->bf16 = true;
    const size_t rounded = needed(session, 1);
    session->bf16 = false;
    if (rounded <= most)
      snprintf(instead, sizeof instead, "; precision bf16 would fit with %zu MB", megabytes(rounded));
  }
  return cuda_fail(
      fault, CUDA_NO_MEMORY,
      "the device's memory is too small: one image at a time needs %zu MB (%zu MB of weights, %zu columns of "
      "responses), %zu of %zu MB may be used%s%s",
      megabytes(least), megabytes(least - RESERVE), session->columns, most >> 20, total >> 20, instead,
      session->columns ? "; fewer voxels need less" : "");
}

static cuda_status choose_chunk(cuda_session *session, size_t limit, cuda_fault *fault) {
  size_t available, total;
  cuda_status status = cuda_memory(session->backend, &available, &total, fault);
  if (status) return status;
  if (limit && limit < available) available = limit;
  session->chunk = cuda_chunk_images();
  while (session->chunk > 1 && needed(session, session->chunk) > available) session->chunk /= 2;
  if (needed(session, session->chunk) > available) return does_not_fit(session, available, total, fault);
  return CUDA_DONE;
}

/* --- Allocating --- */

static cuda_status take(cuda_session *session, void **memory, size_t bytes, void *user, cuda_fault *fault) {
  (void)user;
  cuda_status status = cuda_take(session->backend, memory, bytes, fault);
  if (!status) session->device_memory += bytes;
  return status;
}

static cuda_status pin(cuda_session *session, void **memory, size_t bytes, void *user, cuda_fault *fault) {
  (void)user;
  *memory = cuda_pin(bytes);
  if (!*memory) return cuda_fail(fault, CUDA_NO_MEMORY, "the host has no %zu MB of pinned memory", megabytes(bytes));
  session->pinned_memory += bytes;
  return CUDA_DONE;
}

cuda_status cuda_session_allocate(cuda_session *session, size_t limit, cuda_fault *fault) {
  cuda_status status = choose_chunk(session, limit, fault);
  if (status) return status;
  walk device = {.session = session, .visit = take, .fault = fault};
  see_weights(&device);
  see_workspace(&device, session->chunk);
  if (device.status) return device.status;
  walk host = {.session = session, .visit = pin, .fault = fault};
  see_pinned(&host, session->chunk);
  return host.status;
}

void cuda_session_free_staging(cuda_session *session) {
  cuda_give(session->backend, session->staging);
  if (session->staging) session->device_memory -= CUDA_STAGING * sizeof(float);
  session->staging = NULL;
}

static cuda_status give(cuda_session *session, void **memory, size_t bytes, void *user, cuda_fault *fault) {
  (void)bytes, (void)user, (void)fault;
  cuda_give(session->backend, *memory);
  *memory = NULL;
  return CUDA_DONE;
}

static cuda_status unpin(cuda_session *session, void **memory, size_t bytes, void *user, cuda_fault *fault) {
  (void)session, (void)bytes, (void)user, (void)fault;
  cuda_unpin(*memory);
  *memory = NULL;
  return CUDA_DONE;
}

void cuda_session_release(cuda_session *session) {
  walk device = {.session = session, .visit = give}, host = {.session = session, .visit = unpin};
  see_weights(&device);
  see_workspace(&device, session->chunk);
  see_pinned(&host, session->chunk);
}
