/* A matrix whose rows may lie anywhere in memory: strided arrays, rows of a mapped file, rows taken in another order
 * than they lie. */
#ifndef LA_ROWS_H
#define LA_ROWS_H

#include <stddef.h>
#include <string.h>

#include "berg.h"

typedef struct la_rows {
  const char *const *at; /* [count] where each row's first column is; no alignment is asked for */
  size_t count, columns;
  ptrdiff_t stride; /* bytes from one column to the next */
  berg_dtype dtype; /* BERG_F32 or BERG_F64 */
} la_rows;

/* Columns [first, first + number) of row `row` to `to`. */
static inline void la_rows_load(const la_rows *rows, size_t row, size_t first, size_t number, double *to) {
  const char *from = rows->at[row] + (ptrdiff_t)first * rows->stride;
  if (rows->dtype == BERG_F32) {
    for (size_t c = 0; c < number; c++, from += rows->stride) {
      float value;
      memcpy(&value, from, sizeof value);
      to[c] = value;
    }
  } else {
    for (size_t c = 0; c < number; c++, from += rows->stride) memcpy(&to[c], from, sizeof *to);
  }
}

#endif
