/* A batch in chunks: while one is computed, the next one's pixels go to the device and the last one's results come
 * back.
 *
 * Two slots. On the host's side, in the order of the calls:
 *     chunk c:  wait until pinned pixels[slot] are on the device (chunk c - 2), fill them, upload, compute, download;
 *               wait for the results of chunk c - 1, hand them over.
 * Memory of the caller that is pinned is read and written by the device itself. */
#include "cuda/session.h"

#include <string.h>

#include "base/team.h"
#include "cuda/threads.h"

typedef struct piece {
  size_t first, images;
  int slot;
} piece;

static piece piece_of(const cuda_session *s, const cuda_batch *batch, size_t index) {
  const size_t first = index * s->chunk, left = batch->images - first;
  return (piece){first, left < s->chunk ? left : s->chunk, (int)(index % 2)};
}

typedef struct rows_copy {
  char *to;
  const char *from;
  size_t to_ld, from_ld, row;
} rows_copy;

static void copy_row(void *user, size_t i, size_t rank) {
  const rows_copy *c = user;
  (void)rank;
  memcpy(c->to + i * c->to_ld, c->from + i * c->from_ld, c->row);
}

/* Large copies use all processors: one moves some 10 GB a second, less than the device's bus. */
static void copy_rows(void *to, size_t to_ld, const void *from, size_t from_ld, size_t row, size_t rows) {
  rows_copy copy = {to, from, to_ld, from_ld, row};
  base_share(row * rows > ((size_t)4 << 20) ? cuda_threads() : 1, rows, copy_row, &copy);
}

static cuda_status upload_pixels(cuda_session *s, const cuda_batch *batch, piece p, cuda_fault *fault) {
  const uint8_t *from = batch->pixels + p.first * CUDA_PIXELS;
  cuda_status status = CUDA_DONE;
  if (!cuda_is_pinned(from)) {
    status = cuda_finish(s->backend, CUDA_UPLOADED + p.slot, fault);
    if (status) return status;
    copy_rows(s->pinned_pixels[p.slot], CUDA_PIXELS, from, CUDA_PIXELS, CUDA_PIXELS, p.images);
    from = s->pinned_pixels[p.slot];
  }
  status = cuda_wait(s->backend, CUDA_IN, CUDA_CONSUMED + p.slot, fault);
  if (!status)
    status = cuda_upload(s->backend, CUDA_IN, s->pixels[p.slot], CUDA_PIXELS, from, CUDA_PIXELS, CUDA_PIXELS, p.images,
                         fault);
  if (!status) status = cuda_record(s->backend, CUDA_IN, CUDA_UPLOADED + p.slot, fault);
  if (!status) status = cuda_wait(s->backend, CUDA_COMPUTE, CUDA_UPLOADED + p.slot, fault);
  return status;
}

/* --- Scores and responses --- */

static bool goes_directly(const cuda_batch *batch) { return cuda_is_pinned(batch->responses); }

static cuda_status download_results(cuda_session *s, const cuda_batch *batch, piece p, cuda_fault *fault) {
  const bool directly = batch->responses && goes_directly(batch);
  cuda_status status = cuda_wait(s->backend, CUDA_OUT, CUDA_COMPUTED + p.slot, fault);
  for (size_t i = 0; i < s->subject_count && !status; i++) {
    const session_subject *of = &s->subjects[i];
    const size_t scores = of->k * sizeof(float), row = of->columns * sizeof(float);
    if (batch->scores)
      status = cuda_download(s->backend, CUDA_OUT, of->pinned_scores[p.slot], scores, of->scores[p.slot], scores,
                             scores, p.images, fault);
    if (status || !batch->responses || !row) continue;
    float *to = directly ? batch->responses + p.first * batch->response_ld : s->pinned_responses[p.slot];
    const size_t ld = directly ? batch->response_ld : s->columns;
    status = cuda_download(s->backend, CUDA_OUT, to + of->first_column, ld * sizeof(float), of->responses[p.slot],
                           of->n * sizeof(float), row, p.images, fault);
  }
  if (!status) status = cuda_record(s->backend, CUDA_OUT, CUDA_DOWNLOADED + p.slot, fault);
  return status;
}

static cuda_status hand_over(cuda_session *s, const cuda_batch *batch, piece p, cuda_fault *fault) {
  cuda_status status = cuda_finish(s->backend, CUDA_DOWNLOADED + p.slot, fault);
  if (status) return status;
  for (size_t i = 0; i < s->subject_count && batch->scores; i++) {
    const session_subject *of = &s->subjects[i];
    const size_t row = of->components * sizeof(float);
    copy_rows(batch->scores[i] + p.first * batch->score_ld[i], batch->score_ld[i] * sizeof(float),
              of->pinned_scores[p.slot], of->k * sizeof(float), row, p.images);
  }
  if (batch->responses && !goes_directly(batch))
    copy_rows(batch->responses + p.first * batch->response_ld, batch->response_ld * sizeof(float),
              s->pinned_responses[p.slot], s->columns * sizeof(float), s->columns * sizeof(float), p.images);
  return CUDA_DONE;
}

static cuda_status compute(cuda_session *s, const cuda_batch *batch, piece p, cuda_fault *fault) {
  cuda_status status = cuda_embed(s, p.slot, fault);
  /* the results of two chunks ago must have been copied out before these overwrite them */
  if (!status) status = cuda_wait(s->backend, CUDA_COMPUTE, CUDA_DOWNLOADED + p.slot, fault);
  for (size_t layer = 0; layer < VIT_LAYERS && !status; layer++) {
    status = cuda_block(s, layer, fault);
    if (!status) status = cuda_project(s, layer, p.slot, fault);
  }
  if (!status && batch->responses) status = cuda_respond(s, p.slot, fault);
  if (!status) status = cuda_record(s->backend, CUDA_COMPUTE, CUDA_COMPUTED + p.slot, fault);
  return status;
}

static cuda_status run_results(cuda_session *s, const cuda_batch *batch, cuda_fault *fault) {
  const size_t pieces = (batch->images + s->chunk - 1) / s->chunk;
  cuda_status status = CUDA_DONE;
  for (size_t i = 0; i < pieces && !status; i++) {
    const piece p = piece_of(s, batch, i);
    status = upload_pixels(s, batch, p, fault);
    if (!status) status = compute(s, batch, p, fault);
    if (!status) status = download_results(s, batch, p, fault);
    if (!status && i) status = hand_over(s, batch, piece_of(s, batch, i - 1), fault);
  }
  if (!status && pieces) status = hand_over(s, batch, piece_of(s, batch, pieces - 1), fault);
  return status;
}

/* --- Block outputs: each layer's tokens leave by a copy of their own while the next layer is computed --- */

static cuda_status download_block(cuda_session *s, const cuda_batch *batch, int slot, cuda_fault *fault) {
  const size_t bytes = batch->images * VIT_LAYER_FEATURES * sizeof(float);
  cuda_status status = cuda_wait(s->backend, CUDA_COMPUTE, CUDA_DOWNLOADED + slot, fault);
  if (!status) status = cuda_copy(s->backend, CUDA_COMPUTE, s->blocks[slot], s->tokens, bytes, fault);
  if (!status) status = cuda_record(s->backend, CUDA_COMPUTE, CUDA_COMPUTED + slot, fault);
  if (!status) status = cuda_wait(s->backend, CUDA_OUT, CUDA_COMPUTED + slot, fault);
  if (!status)
    status =
        cuda_download(s->backend, CUDA_OUT, s->pinned_blocks[slot], bytes, s->blocks[slot], bytes, bytes, 1, fault);
  if (!status) status = cuda_record(s->backend, CUDA_OUT, CUDA_DOWNLOADED + slot, fault);
  return status;
}

static cuda_status hand_over_block(cuda_session *s, const cuda_batch *batch, size_t layer, cuda_fault *fault) {
  cuda_status status = cuda_finish(s->backend, CUDA_DOWNLOADED + (int)(layer % 2), fault);
  if (status) return status;
  if (batch->block(batch->user, layer, s->pinned_blocks[layer % 2]))
    return cuda_fail(fault, CUDA_CANCELLED, "cancelled after block %zu", layer);
  return CUDA_DONE;
}

static cuda_status run_blocks(cuda_session *s, const cuda_batch *batch, cuda_fault *fault) {
  if (batch->images > s->chunk)
    return cuda_fail(fault, CUDA_FAILED, "block outputs of %zu images at once: at most %zu", batch->images, s->chunk);
  cuda_status status = upload_pixels(s, batch, piece_of(s, batch, 0), fault);
  if (!status) status = cuda_embed(s, 0, fault);
  for (size_t layer = 0; layer < VIT_LAYERS && !status; layer++) {
    status = cuda_block(s, layer, fault);
    if (!status) status = download_block(s, batch, (int)(layer % 2), fault);
    if (!status && layer) status = hand_over_block(s, batch, layer - 1, fault);
  }
  return status ? status : hand_over_block(s, batch, VIT_LAYERS - 1, fault);
}

cuda_status cuda_session_run(cuda_session *s, const cuda_batch *batch, cuda_fault *fault) {
  cuda_status status = cuda_backend_enter(s->backend, fault);
  if (status || !batch->images) return status;
  status = batch->block ? run_blocks(s, batch, fault) : run_results(s, batch, fault);
  /* after a failure nothing may still read or write the caller's memory */
  if (status) cuda_finish_all(s->backend, NULL);
  return status;
}
