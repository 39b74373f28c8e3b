/* The table of resizing kernels. */
#include "vit/resize_kernels.h"

extern const vit_resize_kernels vit_resize_kernels_portable;
#ifdef BERG_HAS_AVX2
extern const vit_resize_kernels vit_resize_kernels_avx2;
#endif
#ifdef BERG_HAS_AVX512
extern const vit_resize_kernels vit_resize_kernels_avx512;
#endif

const vit_resize_kernels *vit_resize_kernels_for(base_isa isa) {
#ifdef BERG_HAS_AVX512
  if (isa >= BASE_ISA_AVX512) return &vit_resize_kernels_avx512;
#endif
#ifdef BERG_HAS_AVX2
  if (isa >= BASE_ISA_AVX2) return &vit_resize_kernels_avx2;
#endif
  (void)isa;
  return &vit_resize_kernels_portable;
}

size_t vit_resize_block(const vit_taps *taps, size_t channels) {
  size_t most = 0;
  for (size_t x = 0; x < VIT_IMAGE_SIZE; x += VIT_RESIZE_TILE) {
    size_t columns = vit_taps_end(taps, x, x + VIT_RESIZE_TILE) - taps->first[x];
    if (columns > most) most = columns;
  }
  return (channels * most + 2 * 64) * VIT_BLOCK_ROWS;
}
