/* Engines of instructions that this processor may lack, for tests of products: by the twin of the tile unit, and
 * AVX-VNNI's by AVX-512's coding of the same instruction. */
#ifndef TILES_TWINS_H
#define TILES_TWINS_H

#include "la/gemm.h"

extern const la_gemm la_gemm_f32_tiles_portable, la_gemm_bf16_tiles_portable, la_gemm_int8_tiles_portable;

static const la_gemm *const twins[LA_PRECISIONS] = {&la_gemm_f32_tiles_portable, &la_gemm_bf16_tiles_portable,
                                                    &la_gemm_int8_tiles_portable};

#ifdef BERG_HAS_AVX2
extern const la_gemm la_gemm_int8_avx2_twin;
#endif

/* NULL: not here. */
static inline const la_gemm *avx_vnni_twin(void) {
#ifdef BERG_HAS_AVX2
  if (base_machine_isa() > BASE_ISA_AVX2 && base_machine_multiplies_int8()) return &la_gemm_int8_avx2_twin;
#endif
  return NULL;
}

#endif
