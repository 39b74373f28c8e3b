/* Which engine multiplies plain floats with each instruction set. */
#include "la/floats.h"

extern const la_gemm la_gemm_f32_portable;
#ifdef BERG_HAS_AVX2
extern const la_gemm la_gemm_f32_avx2;
#endif
#ifdef BERG_HAS_AVX512
extern const la_gemm la_gemm_f32_avx512;
#endif

static const la_floats tables[BASE_ISA_COUNT] = {
    [BASE_ISA_PORTABLE] = {.engine = &la_gemm_f32_portable},
#ifdef BERG_HAS_AVX2
    [BASE_ISA_AVX2] = {.engine = &la_gemm_f32_avx2},
#endif
#ifdef BERG_HAS_AVX512
    [BASE_ISA_AVX512] = {.engine = &la_gemm_f32_avx512},
#endif
#ifdef BERG_HAS_AMX
    [BASE_ISA_AMX] = {.engine = &la_gemm_f32_avx512},
#endif
#ifdef BERG_HAS_NEON_DOT
    [BASE_ISA_NEON_DOT] = {.engine = &la_gemm_f32_portable},
#endif
#ifdef BERG_HAS_NEON_MATRIX
    [BASE_ISA_NEON_MATRIX] = {.engine = &la_gemm_f32_portable},
#endif
};

const la_floats *la_floats_for(base_isa isa) {
  return (size_t)isa < BASE_ISA_COUNT && tables[isa].engine ? &tables[isa] : NULL;
}
