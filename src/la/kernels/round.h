/* Weights to int8, given what they will be multiplied with: rounding errors then cancel instead of adding up. */
#ifndef LA_KERNELS_ROUND_H
#define LA_KERNELS_ROUND_H

#include "base/vector.h"
#include "la/gemm.h"

/* As la_pack_int8. Column c of `floats` gets the q that keeps x (w - q) small, choosing one number after the other and
 * each so that it makes up for the errors so far (Babai's nearest plane, which is GPTQ: Frantar et al. 2023). */
void KERNEL(la_round_int8)(const float *floats, size_t depth, const la_rounding *rounding, void *slab);

/* `moments` [n][n] becomes the factor that la_rounding holds; `order` [n] which columns are rounded first. */
void KERNEL(la_factor_moments)(float *moments, size_t n, uint16_t *order, float *scratch);

#endif
