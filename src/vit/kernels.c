/* The table of kernels of each instruction set. */
#include "vit/kernels.h"

extern const vit_kernels vit_kernels_portable;
#ifdef __x86_64__
extern const vit_kernels vit_kernels_avx2, vit_kernels_avx512;
#endif

const vit_kernels *vit_kernels_for(base_isa isa) {
  switch (isa) {
#ifdef __x86_64__
  case BASE_ISA_AVX512: return &vit_kernels_avx512;
  case BASE_ISA_AVX2: return &vit_kernels_avx2;
#endif
  case BASE_ISA_PORTABLE: return &vit_kernels_portable;
  default: return NULL;
  }
}
