/* The table of kernels of each instruction set. */
#include "la/kernels.h"

extern const la_kernels la_kernels_portable;
#ifdef __x86_64__
extern const la_kernels la_kernels_avx2, la_kernels_avx512;
#endif

const la_kernels *la_kernels_for(base_isa isa) {
  switch (isa) {
#ifdef __x86_64__
  case BASE_ISA_AVX512: return &la_kernels_avx512;
  case BASE_ISA_AVX2: return &la_kernels_avx2;
#endif
  case BASE_ISA_PORTABLE: return &la_kernels_portable;
  default: return NULL;
  }
}
