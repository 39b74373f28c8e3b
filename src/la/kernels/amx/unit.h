/* The tile unit: eight registers of up to 16 rows of 64 bytes, and sums of products of two of them, as Intel's AMX has
 * them: the processor's own or, named by BERG_TILE_UNIT, the tests' twin, which computes the same bits on any machine.
 *
 * Two registers of x, rows above each other, meet two of weights, columns side by side, in four of sums:
 *
 *        6  7
 *     4  0  1
 *     5  2  3 */
#ifndef LA_KERNELS_AMX_UNIT_H
#define LA_KERNELS_AMX_UNIT_H

#define UNIT_ROWS 16
#define UNIT_BYTES 64
#define UNIT_REGISTERS 8
#define UNIT_COLUMNS (UNIT_BYTES / 4) /* of sums */

/* Rows of the registers of each number: those of x and of sums lie above or below, those of weights are whole. */
#define UNIT_SHAPE(above, below) \
  { above, above, below, below, above, below, UNIT_ROWS, UNIT_ROWS }

#ifndef BERG_TILE_UNIT
#define BERG_TILE_UNIT "la/kernels/amx/unit_processor.h"
#endif
#include BERG_TILE_UNIT

/* Sums of products of bytes or of bf16. */
#define UNIT_ADD(is_bytes, sums, x, w) \
  do {                                 \
    if (is_bytes)                      \
      UNIT_BYTES_SUM(sums, x, w);      \
    else                               \
      UNIT_BF16(sums, x, w);           \
  } while (0)

#endif
