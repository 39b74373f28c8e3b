/* The kernels of torch's resize, which rounds after each product and after each sum. */
#ifndef VIT_KERNELS_RESIZE_TENSOR_H
#define VIT_KERNELS_RESIZE_TENSOR_H

#include "base/vector.h"
#include "vit/resize_kernels.h"

/* As in vit_resize_kernels. */
void KERNEL(vit_tensor_across)(const uint8_t *rows, size_t stride, size_t count, const vit_taps *taps, float *block,
                               float *across);
void KERNEL(vit_tensor_down)(const float *across, const vit_taps *taps, uint8_t *pixels);

#endif
