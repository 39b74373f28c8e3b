/* The operations that everything else in src/cuda is built on, implemented twice: backend_cuda.cu with streams, kernels
 * and cuBLASLt, backend_host.c with queues, loops and products of its own. One is linked into each plug-in.
 *
 * A backend has three streams; what is put on one runs in order, what is on different ones in any order but for events:
 * cuda_wait holds a stream until the latest cuda_record of that event, before it, has run. Only cuda_finish and
 * cuda_finish_all wait on the host's side. Copies read and write the host's memory when they run, not when they are
 * enqueued. */
#ifndef CUDA_BACKEND_H
#define CUDA_BACKEND_H

#include <stdbool.h>

#include "cuda/kernel_args.h"
#include "cuda/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cuda_backend cuda_backend;
typedef struct cuda_plan cuda_plan;

typedef enum cuda_stream { CUDA_IN, CUDA_COMPUTE, CUDA_OUT, CUDA_STREAMS } cuda_stream;
/* Two of each: the slots of the double buffers. */
typedef enum cuda_event {
  CUDA_UPLOADED,                       /* pixels are on the device, their pinned memory is free again */
  CUDA_CONSUMED = CUDA_UPLOADED + 2,   /* and have become patches */
  CUDA_COMPUTED = CUDA_CONSUMED + 2,   /* results are ready */
  CUDA_DOWNLOADED = CUDA_COMPUTED + 2, /* and on the host */
  CUDA_EVENTS = CUDA_DOWNLOADED + 2
} cuda_event;

/* --- What the backend is --- */

/* Images that pass through the network together. The same for every batch, so that the products are the same, too. */
size_t cuda_chunk_images(void);
/* Rows of the Gram matrix that one product gives, at most. */
size_t cuda_gram_strip(void);
const char *cuda_build_text(void);    /* "CUDA 13.0" */
const char *cuda_products_text(void); /* "cuBLASLt 13.0.2" */

cuda_status cuda_count(int *devices, cuda_fault *fault);
cuda_status cuda_describe(int device, cuda_device *out, cuda_fault *fault);

cuda_status cuda_backend_open(cuda_backend **backend, int device, cuda_fault *fault);
void cuda_backend_close(cuda_backend *backend); /* NULL is fine */
/* To be called first in a thread that has not used this backend: the current device is per thread. */
cuda_status cuda_backend_enter(cuda_backend *backend, cuda_fault *fault);

/* --- Memory --- */

cuda_status cuda_memory(cuda_backend *backend, size_t *available, size_t *total, cuda_fault *fault);
cuda_status cuda_take(cuda_backend *backend, void **memory, size_t bytes, cuda_fault *fault);
void cuda_give(cuda_backend *backend, void *memory); /* NULL is fine */
void *cuda_pin(size_t bytes);
void cuda_unpin(void *memory);
/* Whether the host's memory at this address is pinned, by whatever library. */
bool cuda_is_pinned(const void *memory);

/* --- On a stream --- */

/* `rows` pieces of `row` bytes, `to_ld` and `from_ld` bytes apart. Memory of the host that is not pinned has been read
 * when the upload returns. */
cuda_status cuda_upload(cuda_backend *backend, cuda_stream stream, void *to, size_t to_ld, const void *from,
                        size_t from_ld, size_t row, size_t rows, cuda_fault *fault);
cuda_status cuda_download(cuda_backend *backend, cuda_stream stream, void *to, size_t to_ld, const void *from,
                          size_t from_ld, size_t row, size_t rows, cuda_fault *fault);
/* Within the device. */
cuda_status cuda_copy(cuda_backend *backend, cuda_stream stream, void *to, const void *from, size_t bytes,
                      cuda_fault *fault);
cuda_status cuda_zero(cuda_backend *backend, cuda_stream stream, void *memory, size_t bytes, cuda_fault *fault);
/* Kernel `id` with its arguments, which are copied. */
cuda_status cuda_launch(cuda_backend *backend, cuda_stream stream, int id, size_t blocks, const void *args,
                        size_t bytes, cuda_fault *fault);

cuda_status cuda_record(cuda_backend *backend, cuda_stream stream, int event, cuda_fault *fault);
cuda_status cuda_wait(cuda_backend *backend, cuda_stream stream, int event, cuda_fault *fault);
/* Waits, on the host's side, for the latest record of the event (if there was one), or for everything. */
cuda_status cuda_finish(cuda_backend *backend, int event, cuda_fault *fault);
cuda_status cuda_finish_all(cuda_backend *backend, cuda_fault *fault);

/* --- Products: d = a b^T (+ d) (+ bias), on the compute stream --- */

typedef struct cuda_product {
  const char *name; /* for messages: "qkv" */
  cuda_precision precision;
  size_t m, n, k;       /* a [m][k], b [n][k], d [m][n] */
  size_t lda, ldb, ldd; /* elements from row to row */
  size_t batch;         /* products at once, their operands so many elements apart: */
  size_t step_a, step_b, step_d;
  bool narrow_out; /* d as a and b are, which with CUDA_BF16 is bfloat16; else d is float32 */
  bool add_to;     /* d is added to */
  bool add_bias;   /* float32 [n] */
  size_t usual_m;  /* the m that the algorithm is chosen for: never depends on the available memory */
} cuda_product;

/* Chooses the algorithm once: the same at every call, with a fixed order of summation. */
cuda_status cuda_plan_product(cuda_backend *backend, cuda_plan **plan, const cuda_product *product, cuda_fault *fault);
void cuda_plan_free(cuda_plan *plan); /* NULL is fine */
cuda_status cuda_multiply(cuda_backend *backend, const cuda_plan *plan, const void *a, const void *b, void *d,
                          const float *bias, cuda_fault *fault);
/* Bytes of the device that products need besides their operands; allocated when the backend is opened. */
size_t cuda_products_memory(void);

#ifdef __cplusplus
}
#endif

#endif
