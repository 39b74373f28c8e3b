/* The shape of a dataset, as it is and as large as it may become. */
#include "base/array.h"
#include "base/memory.h"
#include "io/hdf5/hdf5_handle.h"

#define HAS_MOST 1
#define IS_NOTHING 2 /* kinds of version 2 */

/* Strides must fit even where a dimension of zero hides that the others are too long. */
static berg_status measure(io_hdf5 *dataset, berg_error *error) {
  berg_array *about = &dataset->about;
  size_t bytes = about->itemsize;
  for (size_t d = 0; d < about->ndim; d++)
    if (about->shape[d] > PTRDIFF_MAX || !base_multiply(bytes, about->shape[d] ? about->shape[d] : 1, &bytes) ||
        bytes > PTRDIFF_MAX)
      return io_hdf5_refuse(dataset, "its size does not fit this machine", NULL, NULL, error);
  base_array_set_strides(about, false);
  return BERG_OK;
}

berg_status io_hdf5_take_shape(io_hdf5 *dataset, io_h5_fields fields, berg_error *error) {
  const size_t length = dataset->file.length_size;
  const uint64_t version = io_h5_number(&fields, 1), ndim = io_h5_number(&fields, 1);
  const uint64_t flags = io_h5_number(&fields, 1);
  const uint64_t kind = version == 2 ? io_h5_number(&fields, 1) : 0;
  if (version == 1) io_h5_bytes(&fields, 5);
  if (fields.is_short || version < 1 || version > 2)
    return io_h5_damaged(&dataset->file, IO_H5_NONE, "its shape is of unknown version", error);
  if (kind == IS_NOTHING) return io_hdf5_refuse(dataset, "holds no data", NULL, NULL, error);
  if (ndim > BERG_MAX_DIMS - (uint64_t)dataset->is_text)
    return io_hdf5_refuse(dataset, "too many dimensions", "at most 8", NULL, error);
  berg_array *about = &dataset->about;
  about->ndim = dataset->index.ndim = (size_t)ndim;
  for (size_t d = 0; d < ndim; d++) about->shape[d] = dataset->index.shape[d] = io_h5_number(&fields, length);
  for (size_t d = 0; d < ndim; d++)
    dataset->index.most[d] = flags & HAS_MOST ? io_h5_address(&fields, length) : about->shape[d];
  if (fields.is_short) return io_h5_damaged(&dataset->file, IO_H5_NONE, "its shape is cut short", error);
  if (dataset->is_text) about->shape[about->ndim++] = dataset->text_bytes;
  return measure(dataset, error);
}
