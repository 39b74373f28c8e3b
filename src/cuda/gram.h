/* The table's gram_* functions. */
#ifndef CUDA_GRAM_H
#define CUDA_GRAM_H

#include "cuda/plugin.h"

cuda_status cuda_gram_open(cuda_gram **gram, int device, size_t memory, size_t rows, size_t width, cuda_fault *fault);
void cuda_gram_close(cuda_gram *gram);
cuda_status cuda_gram_add(cuda_gram *gram, const float *panel, size_t ld, size_t columns, cuda_fault *fault);
cuda_status cuda_gram_load(cuda_gram *gram, const double *values, cuda_fault *fault);
cuda_status cuda_gram_store(cuda_gram *gram, double *values, cuda_fault *fault);

#endif
