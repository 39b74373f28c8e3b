/* Filling the caller's cuda_fault. */
#ifndef CUDA_FAULT_H
#define CUDA_FAULT_H

#include "cuda/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Returns `status`. NULL for `fault` is fine. */
cuda_status cuda_fail(cuda_fault *fault, cuda_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#ifdef __cplusplus
}
#endif

#endif
