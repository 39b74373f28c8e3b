/* The Gram matrix on the device: products of strips of rows with all rows before them in float32, added in double.
 *
 * A panel arrives in one of two buffers while the one before is multiplied. */
#include <stdlib.h>
#include <string.h>

#include "base/team.h"
#include "cuda/threads.h"
#include "cuda/backend.h"
#include "cuda/fault.h"
#include "cuda/gram.h"

#define RESERVE ((size_t)64 << 20)
#define WIDTH_PAD 64

struct cuda_gram {
  cuda_backend *backend;
  size_t rows, padded, strip, strips, width; /* padded rows = strips * strip */
  double *values;                            /* [rows][rows] */
  float *panel[2];                           /* [padded][width] */
  float *product;                            /* [strip][padded] */
  float *pinned;                             /* [padded][width] */
  cuda_plan **plans;                         /* [strips] */
  int slot;
};

static size_t needed(const cuda_gram *gram) {
  return gram->rows * gram->rows * sizeof(double) +
         (2 * gram->padded * gram->width + gram->strip * gram->padded) * sizeof(float) + RESERVE;
}

static cuda_status check_memory(const cuda_gram *gram, size_t limit, cuda_fault *fault) {
  size_t available, total;
  cuda_status status = cuda_memory(gram->backend, &available, &total, fault);
  if (status) return status;
  if (limit && limit < available) available = limit;
  if (needed(gram) <= available) return CUDA_DONE;
  return cuda_fail(
      fault, CUDA_NO_MEMORY,
      "the device's memory is too small for the Gram matrix of %zu rows: %zu MB needed, %zu of %zu MB may be "
      "used; on the processor it needs none of the device's",
      gram->rows, (needed(gram) >> 20) + 1, available >> 20, total >> 20);
}

static cuda_status allocate(cuda_gram *gram, cuda_fault *fault) {
  const size_t panel = gram->padded * gram->width * sizeof(float), values = gram->rows * gram->rows * sizeof(double);
  cuda_status status = cuda_take(gram->backend, (void **)&gram->values, values, fault);
  for (int slot = 0; slot < 2 && !status; slot++) {
    status = cuda_take(gram->backend, (void **)&gram->panel[slot], panel, fault);
    /* rows beyond the last one stay zero */
    if (!status) status = cuda_zero(gram->backend, CUDA_COMPUTE, gram->panel[slot], panel, fault);
  }
  if (!status)
    status = cuda_take(gram->backend, (void **)&gram->product, gram->strip * gram->padded * sizeof(float), fault);
  if (!status) status = cuda_zero(gram->backend, CUDA_COMPUTE, gram->values, values, fault);
  if (!status) status = cuda_finish_all(gram->backend, fault);
  if (status) return status;
  gram->pinned = cuda_pin(panel);
  return gram->pinned ? CUDA_DONE : cuda_fail(fault, CUDA_NO_MEMORY, "no %zu MB of pinned memory", (panel >> 20) + 1);
}

static cuda_status plan(cuda_gram *gram, cuda_fault *fault) {
  cuda_status status = CUDA_DONE;
  gram->plans = calloc(gram->strips, sizeof *gram->plans);
  if (!gram->plans) return cuda_fail(fault, CUDA_FAILED, "out of the host's memory");
  for (size_t i = 0; i < gram->strips && !status; i++) {
    const cuda_product product = {.name = "Gram matrix",
                                  .precision = CUDA_F32,
                                  .m = gram->strip,
                                  .n = (i + 1) * gram->strip,
                                  .k = gram->width,
                                  .lda = gram->width,
                                  .ldb = gram->width,
                                  .ldd = gram->padded,
                                  .batch = 1,
                                  .usual_m = gram->strip};
    status = cuda_plan_product(gram->backend, &gram->plans[i], &product, fault);
  }
  return status;
}

cuda_status cuda_gram_open(cuda_gram **out, int device, size_t memory, size_t rows, size_t width, cuda_fault *fault) {
  *out = NULL;
  cuda_gram *gram = calloc(1, sizeof *gram);
  if (!gram) return cuda_fail(fault, CUDA_FAILED, "out of the host's memory");
  gram->rows = rows;
  gram->strip = cuda_gram_strip();
  gram->strips = (rows + gram->strip - 1) / gram->strip;
  gram->padded = gram->strips * gram->strip;
  gram->width = (width + WIDTH_PAD - 1) / WIDTH_PAD * WIDTH_PAD;
  cuda_status status = cuda_backend_open(&gram->backend, device, fault);
  if (!status) status = check_memory(gram, memory, fault);
  if (!status) status = allocate(gram, fault);
  if (!status) status = plan(gram, fault);
  if (status)
    cuda_gram_close(gram);
  else
    *out = gram;
  return status;
}

void cuda_gram_close(cuda_gram *gram) {
  if (!gram) return;
  if (gram->backend && !cuda_backend_enter(gram->backend, NULL)) {
    cuda_finish_all(gram->backend, NULL);
    for (size_t i = 0; i < gram->strips && gram->plans; i++) cuda_plan_free(gram->plans[i]);
    cuda_give(gram->backend, gram->values);
    for (int slot = 0; slot < 2; slot++) cuda_give(gram->backend, gram->panel[slot]);
    cuda_give(gram->backend, gram->product);
    cuda_unpin(gram->pinned);
    cuda_backend_close(gram->backend);
  }
  free(gram->plans);
  free(gram);
}

typedef struct panel_copy {
  const cuda_gram *gram;
  const float *panel;
  size_t ld, columns;
} panel_copy;

static void copy_panel_row(void *user, size_t i, size_t rank) {
  const panel_copy *c = user;
  float *to = c->gram->pinned + i * c->gram->width;
  (void)rank;
  memcpy(to, c->panel + i * c->ld, c->columns * sizeof *to);
  memset(to + c->columns, 0, (c->gram->width - c->columns) * sizeof *to);
}

/* Copies the panel through pinned memory to `slot` of the device: zeros beyond its columns. */
static cuda_status upload(cuda_gram *gram, const float *panel, size_t ld, size_t columns, cuda_fault *fault) {
  const int slot = gram->slot;
  /* there is one pinned buffer: the copy of the last panel out of it must have finished */
  cuda_status status = cuda_finish(gram->backend, CUDA_UPLOADED + !slot, fault);
  if (status) return status;
  panel_copy copy = {gram, panel, ld, columns};
  base_share(cuda_threads(), gram->rows, copy_panel_row, &copy);
  const size_t bytes = gram->rows * gram->width * sizeof *panel;
  status = cuda_wait(gram->backend, CUDA_IN, CUDA_CONSUMED + slot, fault);
  if (!status)
    status = cuda_upload(gram->backend, CUDA_IN, gram->panel[slot], bytes, gram->pinned, bytes, bytes, 1, fault);
  if (!status) status = cuda_record(gram->backend, CUDA_IN, CUDA_UPLOADED + slot, fault);
  if (!status) status = cuda_wait(gram->backend, CUDA_COMPUTE, CUDA_UPLOADED + slot, fault);
  return status;
}

cuda_status cuda_gram_add(cuda_gram *gram, const float *panel, size_t ld, size_t columns, cuda_fault *fault) {
  cuda_status status = cuda_backend_enter(gram->backend, fault);
  if (!status && columns > gram->width)
    status = cuda_fail(fault, CUDA_FAILED, "a panel of %zu columns: at most %zu", columns, gram->width);
  if (!status) status = upload(gram, panel, ld, columns, fault);
  const float *z = gram->panel[gram->slot];
  for (size_t i = 0; i < gram->strips && !status; i++) {
    const cuda_gram_sum_args args = {gram->product, gram->values, gram->rows, i * gram->strip, gram->padded};
    status =
        cuda_multiply(gram->backend, gram->plans[i], z + i * gram->strip * gram->width, z, gram->product, NULL, fault);
    if (!status)
      status = cuda_launch(gram->backend, CUDA_COMPUTE, cuda_gram_sum_id, gram->strip, &args, sizeof args, fault);
  }
  if (!status) status = cuda_record(gram->backend, CUDA_COMPUTE, CUDA_CONSUMED + gram->slot, fault);
  gram->slot = !gram->slot;
  return status;
}

/* The lower triangle, row by row. */
typedef cuda_status (*copy_row)(cuda_backend *backend, cuda_stream stream, void *to, size_t to_ld, const void *from,
                                size_t from_ld, size_t row, size_t rows, cuda_fault *fault);

static cuda_status copy_triangle(cuda_gram *gram, double *to, const double *from, copy_row copy, cuda_fault *fault) {
  const size_t ld = gram->rows * sizeof(double);
  cuda_status status = cuda_backend_enter(gram->backend, fault);
  for (size_t i = 0; i < gram->rows && !status; i++)
    status = copy(gram->backend, CUDA_COMPUTE, to + i * gram->rows, ld, from + i * gram->rows, ld,
                  (i + 1) * sizeof(double), 1, fault);
  return status ? status : cuda_finish_all(gram->backend, fault);
}

cuda_status cuda_gram_load(cuda_gram *gram, const double *values, cuda_fault *fault) {
  return copy_triangle(gram, gram->values, values, cuda_upload, fault);
}

cuda_status cuda_gram_store(cuda_gram *gram, double *values, cuda_fault *fault) {
  return copy_triangle(gram, values, gram->values, cuda_download, fault);
}
