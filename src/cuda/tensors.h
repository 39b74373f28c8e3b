/* The network's tensors as the device holds them: which are matrices of products, and how large. */
#ifndef CUDA_TENSORS_H
#define CUDA_TENSORS_H

#include <stdbool.h>

#include "vit/weights.h"

typedef struct cuda_tensor {
  bool matrix;          /* multiplied with, so rounded where the precision says so; else vectors of float32 */
  size_t rows, columns; /* numbers in all: rows * columns */
} cuda_tensor;

/* Tensor `t` of VIT_TENSORS. The plug-in links nothing of the library and so has its own list; tests/cuda compares it
 * with vit_tensor_shape. */
cuda_tensor cuda_tensor_of(size_t t);

#endif
