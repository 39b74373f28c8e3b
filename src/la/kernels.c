#include "la/kernels.h"

#include <string.h>

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

void la_arrange_row(const float *x, size_t k, float *row) {
  size_t whole = k / 16 * 16, rest = k - whole;
  memcpy(row, x, whole * sizeof *row);
  if (!rest) return;
  memset(row + whole, 0, 16 * sizeof *row);
  /* shorter than one vector: there is no vector before to overlap, and dot_rows loads w element by element */
  memcpy(row + whole + (whole ? 16 - rest : 0), x + whole, rest * sizeof *row);
}
