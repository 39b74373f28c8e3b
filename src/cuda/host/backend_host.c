/* A device played by the processor: memory, copies, kernels and products for the queues of streams.c. */
#include <stdlib.h>
#include <string.h>

#include "cuda/host/host.h"

#define VERY_MUCH ((size_t)1 << 46)
#define CHUNK 2

cuda_host_control cuda_host = {.devices = 1, .major = 9};

__attribute__((visibility("default"))) cuda_host_control *berg_cuda_host_control(void);
cuda_host_control *berg_cuda_host_control(void) { return &cuda_host; }

uint64_t host_random(void) { /* SplitMix64 */
  uint64_t z = cuda_host.seed += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

cuda_status host_operation(cuda_status as, const char *what, cuda_fault *fault) {
  if (++cuda_host.operations != cuda_host.fail_at) return CUDA_DONE;
  return cuda_fail(fault, as, "injected failure: %s", what);
}

/* --- What the backend is --- */

size_t cuda_chunk_images(void) { return cuda_host.chunk ? cuda_host.chunk : CHUNK; }
size_t cuda_gram_strip(void) { return 16; }
const char *cuda_build_text(void) { return "host"; }
const char *cuda_products_text(void) { return "plain loops"; }
size_t cuda_products_memory(void) { return 0; }

cuda_status cuda_count(int *devices, cuda_fault *fault) {
  *devices = cuda_host.devices;
  cuda_status status = host_operation(CUDA_FAILED, "count devices", fault);
  if (!status && !*devices) return cuda_fail(fault, CUDA_NO_DEVICE, "no device");
  return status;
}

cuda_status cuda_describe(int device, cuda_device *out, cuda_fault *fault) {
  (void)device;
  *out = (cuda_device){.name = "host", .major = cuda_host.major};
  out->memory = cuda_host.memory ? cuda_host.memory : VERY_MUCH;
  return host_operation(CUDA_FAILED, "describe the device", fault);
}

/* --- Memory: every block is registered, and full of NaN until written --- */

typedef struct piece {
  struct piece *next;
  char *memory;
  size_t bytes;
  bool pinned;
} piece;

static piece *pieces;

static void *have(size_t bytes, bool pinned) {
  piece *p = malloc(sizeof *p);
  char *memory = malloc(bytes ? bytes : 1);
  if (!p || !memory) {
    free(p), free(memory);
    return NULL;
  }
  memset(memory, 0xff, bytes);
  *p = (piece){pieces, memory, bytes, pinned};
  pieces = p;
  cuda_host.memory_held += bytes;
  return memory;
}

static void forget(void *memory) {
  for (piece **at = &pieces; *at; at = &(*at)->next) {
    piece *p = *at;
    if (p->memory != memory) continue;
    *at = p->next;
    cuda_host.memory_held -= p->bytes;
    free(p->memory), free(p);
    return;
  }
}

bool host_holds(bool pinned, const void *memory, size_t bytes) {
  const char *from = memory;
  for (const piece *p = pieces; p; p = p->next)
    if (p->pinned == pinned && from >= p->memory && from + bytes <= p->memory + p->bytes) return true;
  return false;
}

cuda_status cuda_memory(cuda_backend *backend, size_t *available, size_t *total, cuda_fault *fault) {
  (void)backend;
  *total = cuda_host.memory ? cuda_host.memory : VERY_MUCH;
  *available = *total > cuda_host.memory_held ? *total - cuda_host.memory_held : 0;
  return host_operation(CUDA_FAILED, "ask for the memory", fault);
}

cuda_status cuda_take(cuda_backend *backend, void **memory, size_t bytes, cuda_fault *fault) {
  (void)backend;
  cuda_status status = host_operation(CUDA_NO_MEMORY, "memory", fault);
  *memory = status ? NULL : have(bytes, false);
  if (status || *memory) return status;
  return cuda_fail(fault, CUDA_NO_MEMORY, "%zu bytes could not be allocated", bytes);
}

void cuda_give(cuda_backend *backend, void *memory) {
  (void)backend;
  if (memory) forget(memory);
}

void *cuda_pin(size_t bytes) { return host_operation(CUDA_NO_MEMORY, "", NULL) ? NULL : have(bytes, true); }

void cuda_unpin(void *memory) {
  if (memory) forget(memory);
}

bool cuda_is_pinned(const void *memory) { return memory && host_holds(true, memory, 1); }

/* --- Copies --- */

typedef struct copy_args {
  char *to;
  const char *from; /* NULL: zeros */
  size_t to_ld, from_ld, row, rows;
} copy_args;

static void copy(const void *args) {
  const copy_args *a = args;
  for (size_t i = 0; i < a->rows; i++) {
    if (a->from)
      memcpy(a->to + i * a->to_ld, a->from + i * a->from_ld, a->row);
    else
      memset(a->to + i * a->to_ld, 0, a->row);
  }
}

static size_t extent(size_t ld, size_t row, size_t rows) { return rows ? (rows - 1) * ld + row : 0; }

static cuda_status push_copy(cuda_backend *backend, cuda_stream stream, const copy_args *args, bool to_device,
                             bool from_device, const char *what, cuda_fault *fault) {
  cuda_status status = host_operation(CUDA_FAILED, what, fault);
  if (status) return status;
  if ((to_device && !host_holds(false, args->to, extent(args->to_ld, args->row, args->rows))) ||
      (from_device && !host_holds(false, args->from, extent(args->from_ld, args->row, args->rows))))
    return cuda_fail(fault, CUDA_FAILED, "%s: not within the device's memory", what);
  status = host_push(backend, stream, copy, args, sizeof *args, fault);
  /* memory that is not pinned: the call returns when it has been read or written */
  const void *host = to_device ? args->from : args->to;
  if (!status && host && to_device != from_device && !cuda_is_pinned(host)) status = host_drain(backend, stream, fault);
  return status;
}

cuda_status cuda_upload(cuda_backend *backend, cuda_stream stream, void *to, size_t to_ld, const void *from,
                        size_t from_ld, size_t row, size_t rows, cuda_fault *fault) {
  const copy_args args = {to, from, to_ld, from_ld, row, rows};
  return push_copy(backend, stream, &args, true, false, "upload", fault);
}

cuda_status cuda_download(cuda_backend *backend, cuda_stream stream, void *to, size_t to_ld, const void *from,
                          size_t from_ld, size_t row, size_t rows, cuda_fault *fault) {
  const copy_args args = {to, from, to_ld, from_ld, row, rows};
  return push_copy(backend, stream, &args, false, true, "download", fault);
}

cuda_status cuda_copy(cuda_backend *backend, cuda_stream stream, void *to, const void *from, size_t bytes,
                      cuda_fault *fault) {
  const copy_args args = {to, from, bytes, bytes, bytes, 1};
  return push_copy(backend, stream, &args, true, true, "copy", fault);
}

cuda_status cuda_zero(cuda_backend *backend, cuda_stream stream, void *memory, size_t bytes, cuda_fault *fault) {
  const copy_args args = {.to = memory, .row = bytes, .rows = 1};
  return push_copy(backend, stream, &args, true, false, "zero", fault);
}

/* --- Kernels and products --- */

typedef struct launch_args {
  int id;
  size_t blocks;
  unsigned char args[CUDA_ARGS_MAX];
} launch_args;

static void launch(const void *args) {
  const launch_args *a = args;
  host_run_kernel(a->id, a->blocks, a->args);
}

cuda_status cuda_launch(cuda_backend *backend, cuda_stream stream, int id, size_t blocks, const void *args,
                        size_t bytes, cuda_fault *fault) {
  launch_args a = {.id = id, .blocks = blocks};
  cuda_status status = host_operation(CUDA_FAILED, "kernel", fault);
  if (status) return status;
  memcpy(a.args, args, bytes);
  return host_push(backend, stream, launch, &a, sizeof a, fault);
}

typedef struct multiply_args {
  const cuda_product *product;
  const void *a, *b;
  void *d;
  const float *bias;
} multiply_args;

static void multiply(const void *args) {
  const multiply_args *a = args;
  host_run_product(a->product, a->a, a->b, a->d, a->bias);
}

cuda_status cuda_plan_product(cuda_backend *backend, cuda_plan **plan, const cuda_product *product, cuda_fault *fault) {
  (void)backend;
  *plan = NULL;
  cuda_status status = host_operation(CUDA_FAILED, product->name, fault);
  if (status) return status;
  *plan = malloc(sizeof **plan);
  if (!*plan) return cuda_fail(fault, CUDA_FAILED, "out of the host's memory");
  (*plan)->product = *product;
  return CUDA_DONE;
}

void cuda_plan_free(cuda_plan *plan) { free(plan); }

/* Bytes from the first element of an operand to the end of its last. */
static size_t reach(size_t rows, size_t columns, size_t ld, size_t batch, size_t step, size_t number) {
  return ((batch - 1) * step + (rows - 1) * ld + columns) * number;
}

cuda_status cuda_multiply(cuda_backend *backend, const cuda_plan *plan, const void *a, const void *b, void *d,
                          const float *bias, cuda_fault *fault) {
  const cuda_product *p = &plan->product;
  const size_t narrow = p->precision == CUDA_BF16 ? 2 : 4, out = p->narrow_out ? narrow : 4;
  const multiply_args args = {p, a, b, d, bias};
  cuda_status status = host_operation(CUDA_FAILED, p->name, fault);
  if (status) return status;
  if (!host_holds(false, a, reach(p->m, p->k, p->lda, p->batch, p->step_a, narrow)) ||
      !host_holds(false, b, reach(p->n, p->k, p->ldb, p->batch, p->step_b, narrow)) ||
      !host_holds(false, d, reach(p->m, p->n, p->ldd, p->batch, p->step_d, out)) ||
      (p->add_bias && !host_holds(false, bias, p->n * sizeof *bias)))
    return cuda_fail(fault, CUDA_FAILED, "product %s: an operand is not within the device's memory", p->name);
  return host_push(backend, CUDA_COMPUTE, multiply, &args, sizeof args, fault);
}
