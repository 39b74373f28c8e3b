/* What the files of the backend for the device share. These alone include CUDA's headers. */
#ifndef CUDA_DEVICE_DEVICE_H
#define CUDA_DEVICE_DEVICE_H

#include <cublasLt.h>
#include <cuda_runtime.h>

#include "cuda/backend.h"
#include "cuda/fault.h"

struct cuda_backend {
  int device;
  cudaStream_t streams[CUDA_STREAMS];
  cudaEvent_t events[CUDA_EVENTS];
  cublasLtHandle_t products;
  void *workspace; /* cuda_products_memory() bytes */
};

/* "what: CUDA's own words", with the status that fits. */
cuda_status device_fail(cuda_fault *fault, cudaError_t error, const char *what);

/* Puts kernel `id` on a stream. */
cudaError_t device_launch(cudaStream_t stream, int id, size_t blocks, const void *args);

#endif
