/* The table of kernels of each instruction set. */
#include "vit/kernels.h"

extern const vit_kernels vit_kernels_portable;
#ifdef BERG_HAS_AVX2
extern const vit_kernels vit_kernels_avx2;
#endif
#ifdef BERG_HAS_AVX512
extern const vit_kernels vit_kernels_avx512;
#endif

const vit_kernels *vit_kernels_for(base_isa isa) {
  switch (isa) {
#ifdef BERG_HAS_AMX
  case BASE_ISA_AMX:
#endif
#ifdef BERG_HAS_AVX512
  case BASE_ISA_AVX512: return &vit_kernels_avx512;
#endif
#ifdef BERG_HAS_AVX2
  case BASE_ISA_AVX2: return &vit_kernels_avx2;
#endif
#ifdef BERG_HAS_NEON_DOT
  case BASE_ISA_NEON_DOT:
#endif
#ifdef BERG_HAS_NEON_MATRIX
  case BASE_ISA_NEON_MATRIX:
#endif
  case BASE_ISA_PORTABLE: return &vit_kernels_portable;
  default: return NULL;
  }
}
