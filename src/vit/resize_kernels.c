#include "vit/resize_kernels.h"

extern const vit_resize_kernels vit_resize_kernels_portable;
#ifdef __x86_64__
extern const vit_resize_kernels vit_resize_kernels_avx2, vit_resize_kernels_avx512;
#endif

const vit_resize_kernels *vit_resize_kernels_for(base_isa isa) {
#ifdef __x86_64__
  if (isa >= BASE_ISA_AVX512) return &vit_resize_kernels_avx512;
  if (isa >= BASE_ISA_AVX2) return &vit_resize_kernels_avx2;
#else
  (void)isa;
#endif
  return &vit_resize_kernels_portable;
}
