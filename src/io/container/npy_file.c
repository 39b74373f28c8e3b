/* A whole .npy: header (npy.c), then raw elements, or for objects one pickle of the whole array. */
#include "io/value/array_value.h"
#include "io/container/npy.h"
#include "io/container/pickle.h"
#include "io/container/readers.h"

static bool same_shape(const io_value *value, const io_npy_header *header) {
  if (value->kind == IO_BOX) return header->ndim == 0;
  if (value->kind != IO_ARRAY || value->array->ndim != header->ndim) return false;
  for (size_t d = 0; d < header->ndim; d++)
    if (value->array->shape[d] != header->shape[d]) return false;
  return true;
}

berg_status io_read_npy_value(io_value **value, bool *is_pickled, io_arena *arena, const uint8_t *bytes, size_t size,
                              uint64_t offset, const char *name, berg_error *error) {
  io_npy_header header;
  *value = NULL;
  berg_status status = io_npy_read_header(&header, bytes, size, size, name, error);
  if (status) return status;
  if (is_pickled) *is_pickled = header.dtype == BERG_STRING;
  const uint8_t *data = bytes + header.data_offset;
  if (header.dtype == BERG_STRING) {
    io_pickle_source source = {data, size - header.data_offset, offset + header.data_offset, name, NULL, NULL};
    status = io_pickle_read(value, arena, &source, error);
    if (!status && !same_shape(*value, &header))
      status = base_fail_at(error, &(base_fault){BERG_EINPUT, name, source.offset, "pickle",
                                                 "not the object array that the header says", NULL, NULL});
    return status;
  }
  io_layout layout = {header.dtype, header.itemsize, header.big_endian, header.fortran};
  berg_array shape = {.ndim = header.ndim};
  for (size_t d = 0; d < header.ndim; d++) shape.shape[d] = header.shape[d];
  berg_array *array = io_array_new(arena, &layout, &shape, data, error);
  *value = array ? io_value_new(arena, IO_ARRAY, error) : NULL;
  if (!*value) return BERG_ELIMIT;
  (*value)->array = array;
  return BERG_OK;
}

berg_status io_read_npy(io_document *document, const uint8_t *bytes, size_t size, const char *name, berg_error *error) {
  bool is_pickled;
  berg_status status = io_read_npy_value(&document->root, &is_pickled, &document->arena, bytes, size, 0, name, error);
  document->format = !status && is_pickled ? "npy-pickle" : "npy";
  return status;
}
