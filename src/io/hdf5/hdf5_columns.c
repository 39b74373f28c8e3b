/* Columns of a dataset: of two dimensions, or of more whose later ones are taken together. */
#include "io/hdf5/hdf5_handle.h"

/* A box of elements: all of the dimensions from `dim` on that are not in it yet. */
typedef struct box {
  size_t begin[BERG_MAX_DIMS], end[BERG_MAX_DIMS];
} box;

static size_t elements_from(const berg_array *about, size_t dim) {
  size_t count = 1;
  for (; dim < about->ndim; dim++) count *= about->shape[dim];
  return count;
}

/* Elements [first, first + count) of what the dimensions from `dim` on hold, in C order, of each row of the box: parts
 * of its first and last slice, and what is between as one box. */
static berg_status read_range(io_hdf5 *dataset, box *of, size_t dim, size_t first, size_t count, size_t pitch,
                              uint8_t *data, berg_error *error) {
  const berg_array *about = &dataset->about;
  const size_t slice = elements_from(about, dim + 1);
  berg_status status = BERG_OK;
  for (size_t part; count && !status; first += part, count -= part, data += part * about->itemsize) {
    const size_t offset = first % slice, whole = count / slice;
    of->begin[dim] = first / slice;
    if (offset || !whole) {
      part = slice - offset < count ? slice - offset : count;
      of->end[dim] = of->begin[dim] + 1;
      status = read_range(dataset, of, dim + 1, offset, part, pitch, data, error);
    } else {
      part = whole * slice;
      of->end[dim] = of->begin[dim] + whole;
      for (size_t d = dim + 1; d < about->ndim; d++) of->begin[d] = 0, of->end[d] = about->shape[d];
      status = io_hdf5_read_chunks(dataset, of->begin, of->end, pitch, data, error);
    }
  }
  return status;
}

static berg_status read_row_parts(io_hdf5 *dataset, size_t first_row, size_t rows, size_t offset, size_t size,
                                  uint8_t *to, berg_error *error) {
  const size_t row = (size_t)dataset->about.strides[0];
  berg_status status = BERG_OK;
  for (size_t r = 0; r < rows && !status; r++, to += size)
    status = io_hdf5_read_bytes(dataset, (first_row + r) * row + offset, size, to, error);
  return status;
}

berg_status io_hdf5_read_columns(io_hdf5 *dataset, size_t first_row, size_t rows, size_t first_column, size_t columns,
                                 void *data, berg_error *error) {
  const berg_array *about = &dataset->about;
  const size_t width = about->ndim < 2 ? 0 : elements_from(about, 1);
  if (!width || first_row > about->shape[0] || rows > about->shape[0] - first_row || first_column > width ||
      columns > width - first_column)
    return base_fail(error, BERG_EARGUMENT, "%s: %s: rows %zu to %zu, columns %zu to %zu are not all there",
                     dataset->path, dataset->name, first_row, first_row + rows, first_column, first_column + columns);
  if (columns == width) return io_hdf5_read(dataset, first_row, rows, data, error);
  const size_t part = columns * about->itemsize;
  if (!rows || !part) return BERG_OK;
  berg_status status;
  if (dataset->layout == IO_HDF5_CHUNKED) {
    box of = {.begin = {first_row}, .end = {first_row + rows}};
    status = read_range(dataset, &of, 1, first_column, columns, part, data, error);
  } else {
    status = read_row_parts(dataset, first_row, rows, first_column * about->itemsize, part, data, error);
  }
  if (!status) io_hdf5_order_bytes(dataset, data, rows * part);
  return status;
}
