/* What products of one layout have in common, whichever instructions multiply: the first members of their tables. */
#ifndef LA_KERNELS_SLAB64_H
#define LA_KERNELS_SLAB64_H

#include "la/kernels/pack.h"
#include "la/kernels/round.h"
#include "la/layout.h"

#define SLAB64_BF16                                                                                   \
  .precision = LA_BF16, .layout = &la_layout_bf16_slab64, .tile_rows = LA_TILE_ROWS,                  \
  .cached_rows = LA_TILE_CACHED_ROWS, .thread_bytes = LA_BUFFER_BYTES, .row_bytes = la_row_of_halves, \
  .load = KERNEL(la_load_bf16), .pack = KERNEL(la_pack_bf16), .transpose = KERNEL(la_transpose)

/* Rows are loaded by each in its own way. */
#define SLAB64_INT8                                                                                  \
  .precision = LA_INT8, .layout = &la_layout_int8_slab64, .tile_rows = LA_TILE_ROWS,                 \
  .cached_rows = LA_TILE_CACHED_ROWS, .thread_bytes = LA_BUFFER_BYTES, .row_bytes = la_row_of_bytes, \
  .pack = KERNEL(la_pack_int8), .transpose = KERNEL(la_transpose), .round = KERNEL(la_round_int8),   \
  .factor = KERNEL(la_factor_moments)

#endif
