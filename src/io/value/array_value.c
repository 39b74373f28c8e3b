/* Arrays as values of a tree. */
#include "io/value/array_value.h"

#include <string.h>

#include "base/array.h"
#include "io/value/extent.h"

#define MAX_REPEATED ((size_t)16 << 20)

bool io_array_bytes(const io_layout *layout, const berg_array *shape, size_t *bytes) {
  size_t count;
  return io_extent(shape->shape, shape->ndim, layout->itemsize, &count, bytes);
}

/* UCS-4 text is byte-swapped in units of 4, numbers in units of their size. */
static const uint8_t *turned(io_arena *arena, const io_layout *layout, const uint8_t *bytes, size_t size,
                             berg_error *error) {
  size_t unit = layout->dtype == BERG_UNICODE ? 4 : layout->itemsize;
  uint8_t *copy = io_arena_take(arena, size, error);
  for (size_t i = 0; copy && i < size; i += unit)
    for (size_t b = 0; b < unit; b++) copy[i + b] = bytes[i + unit - 1 - b];
  return copy;
}

berg_array *io_array_new(io_arena *arena, const io_layout *layout, const berg_array *shape, const uint8_t *bytes,
                         berg_error *error) {
  berg_array *array = io_arena_take(arena, sizeof *array, error);
  size_t size;
  if (!array || !io_array_bytes(layout, shape, &size)) return NULL;
  if (layout->big_endian) bytes = turned(arena, layout, bytes, size, error);
  *array = *shape;
  array->name = NULL;
  array->dtype = layout->dtype;
  array->itemsize = layout->itemsize;
  array->data = bytes ? bytes : layout->big_endian ? NULL : (const uint8_t *)"";
  base_array_set_strides(array, layout->fortran);
  return array->data ? array : NULL;
}

io_place io_array_place(berg_array *array, const int64_t *strides, size_t offset, const uint8_t *storage,
                        size_t count) {
  size_t elements, bytes, last = offset;
  if (!io_extent(array->shape, array->ndim, array->itemsize, &elements, &bytes)) return IO_PLACE_REPEATED;
  array->data = (const uint8_t *)"";
  base_array_set_strides(array, false);
  if (!elements) return offset <= count ? IO_PLACE_OK : IO_PLACE_OUTSIDE;
  for (size_t d = 0; d < array->ndim; d++) {
    size_t reach;
    if (array->shape[d] == 1) continue; /* its stride is meaningless */
    if (!base_multiply((size_t)strides[d], array->shape[d] - 1, &reach) || !base_add(last, reach, &last))
      return IO_PLACE_OUTSIDE;
    if (last >= count) return IO_PLACE_OUTSIDE;
    array->strides[d] = (ptrdiff_t)strides[d] * (ptrdiff_t)array->itemsize;
  }
  if (last >= count) return IO_PLACE_OUTSIDE;
  if (elements > count && elements > MAX_REPEATED) return IO_PLACE_REPEATED;
  array->data = storage + offset * array->itemsize;
  return IO_PLACE_OK;
}
