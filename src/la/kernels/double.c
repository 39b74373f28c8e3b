/* Products in double. Both operands are packed, so that one kernel serves every layout: a tile of TILE_M rows of a,
 * held as k columns of TILE_M, by a strip of c's columns, held as k rows of DOUBLE_STRIP. OpenBLAS 0.3.21 does not know
 * the newer processors and falls back to SSE2 on them: an eighth of this. */
#include "la/kernels/double.h"

#include "la/kernels.h"

#define DOUBLES (VECTOR_BYTES / sizeof(double))
/* 8 x 3 accumulators of 32 registers, 4 x 3 of 16. */
#if VECTOR_REGISTERS == 32
#define TILE_M 8
#else
#define TILE_M 4
#endif
#define VECTORS 3

typedef double vec_double __attribute__((vector_size(VECTOR_BYTES)));
typedef double vec_double_anywhere __attribute__((vector_size(VECTOR_BYTES), aligned(8), may_alias));

/* c [TILE_M][VECTORS * DOUBLES] (ldc) += a tile times a strip; `strip` has LA_DOUBLE_STRIP columns. */
INLINE void tile(const double *a, const double *strip, size_t k, double *c, size_t ldc) {
  vec_double sum[TILE_M * VECTORS];
  UNROLL
  for (size_t i = 0; i < TILE_M * VECTORS; i++) sum[i] = (vec_double){0};
  for (size_t l = 0; l < k; l++, a += LA_DOUBLE_TILE, strip += LA_DOUBLE_STRIP) {
    vec_double row[VECTORS];
    UNROLL
    for (size_t v = 0; v < VECTORS; v++) row[v] = *(const vec_double_anywhere *)(strip + v * DOUBLES);
    UNROLL
    for (size_t i = 0; i < TILE_M; i++) UNROLL
    for (size_t v = 0; v < VECTORS; v++) sum[i * VECTORS + v] += row[v] * a[i];
  }
  UNROLL
  for (size_t i = 0; i < TILE_M; i++) UNROLL
  for (size_t v = 0; v < VECTORS; v++) *(vec_double_anywhere *)(c + i * ldc + v * DOUBLES) += sum[i * VECTORS + v];
}

void KERNEL(la_double_tile)(const double *a, const double *strip, size_t k, double *c) {
  for (size_t i = 0; i < LA_DOUBLE_TILE; i += TILE_M)
    for (size_t j = 0; j < LA_DOUBLE_STRIP; j += VECTORS * DOUBLES)
      tile(a + i, strip + j, k, c + i * LA_DOUBLE_STRIP + j, LA_DOUBLE_STRIP);
}
