/* Transposition in registers, of as many rows as a vector has lanes. For files in kernels/ only. */
#ifndef BASE_TRANSPOSE_H
#define BASE_TRANSPOSE_H

#include "base/vector.h"

#if VECTOR_BYTES == 64
#define STAGES 4
#define LOW_HALVES 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH_HALVES 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif VECTOR_BYTES == 32
#define STAGES 3
#define LOW_HALVES 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH_HALVES 4, 12, 5, 13, 6, 14, 7, 15
#else
#define STAGES 2
#define LOW_HALVES 0, 4, 1, 5
#define HIGH_HALVES 2, 6, 3, 7
#endif

/* Shuffling the first half of the rows with the second, as one does with cards, moves one bit of the row's number to
 * the column's; after as many times as there are bits, rows are columns. */
INLINE void transpose_block(vec v[LANES]) {
  vec t[LANES];
  UNROLL
  for (size_t stage = 0; stage < STAGES; stage++) {
    UNROLL
    for (size_t i = 0; i < LANES / 2; i++) {
      t[2 * i] = VEC_SHUFFLE(vec_int, v[i], v[i + LANES / 2], LOW_HALVES);
      t[2 * i + 1] = VEC_SHUFFLE(vec_int, v[i], v[i + LANES / 2], HIGH_HALVES);
    }
    UNROLL
    for (size_t i = 0; i < LANES; i++) v[i] = t[i];
  }
}

#endif
