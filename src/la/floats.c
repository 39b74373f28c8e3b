/* Which engine multiplies plain floats with each instruction set. */
#include "la/floats.h"

extern const la_gemm la_gemm_f32_portable;
#ifdef __x86_64__
extern const la_gemm la_gemm_f32_avx2, la_gemm_f32_avx512;
#endif

static const la_floats tables[BASE_ISA_COUNT] = {
    [BASE_ISA_PORTABLE] = {.engine = &la_gemm_f32_portable},
#ifdef __x86_64__
    [BASE_ISA_AVX2] = {.engine = &la_gemm_f32_avx2},
    [BASE_ISA_AVX512] = {.engine = &la_gemm_f32_avx512},
#endif
};

const la_floats *la_floats_for(base_isa isa) {
  return (size_t)isa < BASE_ISA_COUNT && tables[isa].engine ? &tables[isa] : NULL;
}
