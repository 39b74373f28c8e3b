/* What the files of the backend for the host share. */
#ifndef CUDA_HOST_HOST_H
#define CUDA_HOST_HOST_H

#include "cuda/backend.h"
#include "cuda/fault.h"
#include "cuda/host/control.h"

extern cuda_host_control cuda_host;

/* Counts an operation; FAILED (or `as`) when it is the one that the control makes fail. */
cuda_status host_operation(cuda_status as, const char *what, cuda_fault *fault);

/* Whether this backend allocated the memory: [memory, memory + bytes) lies within one piece, of the device or
 * pinned. */
bool host_holds(bool pinned, const void *memory, size_t bytes);

/* The next number of a generator that the control seeds. */
uint64_t host_random(void);

/* Runs all blocks of a kernel. */
void host_run_kernel(int id, size_t blocks, const void *args);

struct cuda_plan {
  cuda_product product;
};
void host_run_product(const cuda_product *product, const void *a, const void *b, void *d, const float *bias);

/* Puts work on a stream. `args` are copied. */
#define HOST_ARGS 192
typedef void (*host_work)(const void *args);
cuda_status host_push(cuda_backend *backend, cuda_stream stream, host_work work, const void *args, size_t bytes,
                      cuda_fault *fault);
/* Runs what is on a stream, and whatever it waits for. */
cuda_status host_drain(cuda_backend *backend, cuda_stream stream, cuda_fault *fault);

#endif
