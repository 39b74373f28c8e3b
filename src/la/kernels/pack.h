/* From rows of a matrix to slabs. */
#ifndef LA_KERNELS_PACK_H
#define LA_KERNELS_PACK_H

#include "base/vector.h"

void KERNEL(la_transpose)(const char *rows, size_t row_bytes, size_t columns, size_t depth, float *floats);
void KERNEL(la_pack_bf16)(const float *floats, size_t depth, void *slab);
void KERNEL(la_pack_int8)(const float *floats, size_t depth, void *slab);
void KERNEL(la_load_bf16)(const float *x, size_t k, void *row, float *scale);
void KERNEL(la_load_int8)(const float *x, size_t k, void *row, float *scale);
void KERNEL(la_load_int8_fine)(const float *x, size_t k, void *rows, float *scales);

#endif
