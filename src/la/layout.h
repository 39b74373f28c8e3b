/* The layouts of slabs and loaded rows that the engines of this library have, for their tables. */
#ifndef LA_LAYOUT_H
#define LA_LAYOUT_H

#include "la/gemm.h"

/* f32-slab64: float32 [depth][64]. */
extern const la_layout la_layout_f32_slab64;
/* bf16-slab64: pairs [depth / 2 rounded up][64][2], zeros beyond depth. */
extern const la_layout la_layout_bf16_slab64;
/* int8-slab64: [depth / 4 rounded up][64][4], then int32 [64]: -128 times the sum of each column, then float32 [64]:
 * its scale. */
extern const la_layout la_layout_int8_slab64;

/* Bytes of a row of k numbers of 4, 2 or 1 bytes, one behind the other. */
size_t la_row_of_floats(size_t k);
size_t la_row_of_halves(size_t k);
size_t la_row_of_bytes(size_t k);

#endif
