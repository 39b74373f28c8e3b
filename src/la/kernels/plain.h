/* Products of a few rows with weights as they lie. */
#ifndef LA_KERNELS_PLAIN_H
#define LA_KERNELS_PLAIN_H

#include "base/vector.h"
#include "la/gemm.h"

/* la_gemm's multiply_plain, for F32. */
void KERNEL(la_multiply_plain)(const la_product *product, const char *rows, size_t row_bytes, size_t columns);

#endif
