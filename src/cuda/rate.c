/* Upper bounds of the device's speed: the products of a block at the shapes of a chunk and nothing else, and copies of
 * pinned memory. */
#include "cuda/rate.h"

#include <time.h>

#include "cuda/kernel.h"
#include "cuda/session.h"

#define COPY_BYTES ((size_t)64 << 20)

typedef struct operands {
  cuda_backend *backend;
  cuda_plan *plans[CUDA_PRODUCTS];
  void *a, *b, *d; /* of the largest product each */
  void *pinned;
  double flop; /* of the four products of a block */
} operands;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Numbers as weights and activations have them: zeros cost a device less power, and it multiplies them faster. */
static void fill(void *pinned, bool narrow) {
  unsigned seed = 1;
  for (size_t i = 0; i < COPY_BYTES / (narrow ? 2 : 4); i++) {
    seed = seed * 1664525u + 1013904223u;
    const float value = (float)(seed >> 8) / (1 << 23) - 1;
    if (narrow)
      ((uint16_t *)pinned)[i] = (uint16_t)cuda_to_bf16(value);
    else
      ((float *)pinned)[i] = value;
  }
}

static cuda_status take_filled(operands *o, void **to, size_t bytes, cuda_fault *fault) {
  cuda_status status = cuda_take(o->backend, to, bytes, fault);
  for (size_t first = 0; first < bytes && !status; first += COPY_BYTES) {
    const size_t count = bytes - first < COPY_BYTES ? bytes - first : COPY_BYTES;
    status = cuda_upload(o->backend, CUDA_COMPUTE, (char *)*to + first, count, o->pinned, count, count, 1, fault);
  }
  return status;
}

static cuda_status allocate(operands *o, size_t m, cuda_precision precision, cuda_fault *fault) {
  const size_t bytes = m * VIT_HIDDEN * sizeof(float), weights = (size_t)VIT_HIDDEN * VIT_CHANNELS * sizeof(float);
  o->pinned = cuda_pin(COPY_BYTES);
  if (!o->pinned) return cuda_fail(fault, CUDA_NO_MEMORY, "no pinned memory");
  fill(o->pinned, precision == CUDA_BF16);
  cuda_status status = take_filled(o, &o->a, bytes > COPY_BYTES ? bytes : COPY_BYTES, fault);
  if (!status) status = take_filled(o, &o->b, weights, fault);
  if (!status) status = cuda_take(o->backend, &o->d, bytes, fault);
  return status ? status : cuda_finish_all(o->backend, fault);
}

static cuda_status prepare(operands *o, int device, cuda_precision precision, cuda_fault *fault) {
  static const struct {
    const char *name;
    size_t n, k;
  } of[] = {{"qkv", VIT_QKV, VIT_CHANNELS},
            {"out", VIT_CHANNELS, VIT_CHANNELS},
            {"up", VIT_HIDDEN, VIT_CHANNELS},
            {"down", VIT_CHANNELS, VIT_HIDDEN}};
  const size_t m = cuda_chunk_images() * VIT_TOKENS;
  cuda_status status = cuda_backend_open(&o->backend, device, fault);
  if (!status) status = allocate(o, m, precision, fault);
  for (size_t i = 0; i < sizeof of / sizeof *of && !status; i++) {
    const cuda_product p = {.name = of[i].name,
                            .precision = precision,
                            .m = m,
                            .n = of[i].n,
                            .k = of[i].k,
                            .lda = of[i].k,
                            .ldb = of[i].k,
                            .ldd = of[i].n,
                            .batch = 1,
                            .narrow_out = true,
                            .usual_m = m};
    o->flop += 2.0 * (double)m * (double)p.n * (double)p.k;
    status = cuda_plan_product(o->backend, &o->plans[i], &p, fault);
  }
  return status;
}

typedef cuda_status (*turn)(operands *o, cuda_fault *fault);

static cuda_status multiply(operands *o, cuda_fault *fault) {
  cuda_status status = CUDA_DONE;
  for (size_t i = 0; o->plans[i] && !status; i++)
    status = cuda_multiply(o->backend, o->plans[i], o->a, o->b, o->d, NULL, fault);
  return status;
}

static cuda_status upload(operands *o, cuda_fault *fault) {
  return cuda_upload(o->backend, CUDA_COMPUTE, o->a, COPY_BYTES, o->pinned, COPY_BYTES, COPY_BYTES, 1, fault);
}

static cuda_status download(operands *o, cuda_fault *fault) {
  return cuda_download(o->backend, CUDA_COMPUTE, o->pinned, COPY_BYTES, o->a, COPY_BYTES, COPY_BYTES, 1, fault);
}

/* Runs a second, over at least `seconds`, enqueued several at a time. */
static cuda_status measure(operands *o, turn take, double seconds, double *rate, cuda_fault *fault) {
  size_t turns = 0;
  cuda_status status = take(o, fault); /* the first call loads code */
  if (!status) status = cuda_finish_all(o->backend, fault);
  const double start = now();
  double passed = 0;
  for (size_t round = 1; !status && passed < seconds; round *= 2, passed = now() - start) {
    for (size_t i = 0; i < round && !status; i++) status = take(o, fault);
    turns += round;
    if (!status) status = cuda_finish_all(o->backend, fault);
    if (round > 256) round = 256;
  }
  *rate = passed > 0 ? (double)turns / passed : 0;
  return status;
}

static void release(operands *o) {
  if (!o->backend || cuda_backend_enter(o->backend, NULL)) return;
  cuda_finish_all(o->backend, NULL);
  for (int i = 0; i < CUDA_PRODUCTS; i++) cuda_plan_free(o->plans[i]);
  cuda_give(o->backend, o->a), cuda_give(o->backend, o->b), cuda_give(o->backend, o->d);
  cuda_unpin(o->pinned);
  cuda_backend_close(o->backend);
}

cuda_status cuda_measure(int device, cuda_precision precision, double seconds, cuda_rates *rates, cuda_fault *fault) {
  operands o = {.backend = NULL};
  *rates = (cuda_rates){0};
  cuda_status status = prepare(&o, device, precision, fault);
  if (!status) status = measure(&o, multiply, seconds, &rates->products, fault);
  if (!status) status = measure(&o, upload, seconds / 4, &rates->upload, fault);
  if (!status) status = measure(&o, download, seconds / 4, &rates->download, fault);
  rates->products *= o.flop;
  rates->upload *= (double)COPY_BYTES, rates->download *= (double)COPY_BYTES;
  release(&o);
  return status;
}
