/* How many bytes an array spans, with every product checked for overflow: shapes come from files. */
#ifndef IO_EXTENT_H
#define IO_EXTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

/* Elements of `shape` and the bytes they take without gaps. False where a product does not fit in ptrdiff_t,
 * counting dimensions of 0 as 1, so that strides computed from an accepted shape cannot overflow either. */
static inline bool io_extent(const size_t *shape, size_t ndim, size_t itemsize, size_t *count, size_t *bytes) {
  size_t span = itemsize;
  bool empty = false;
  for (size_t d = 0; d < ndim; d++) {
    if (!shape[d]) empty = true;
    if (shape[d] && !base_multiply(span, shape[d], &span)) return false;
  }
  if (span > PTRDIFF_MAX) return false;
  *bytes = empty ? 0 : span;
  *count = empty || !itemsize ? 0 : span / itemsize;
  return true;
}

#endif
