/* What is read of HDF5: one numeric dataset, contiguous, compact or chunked, of at most BERG_MAX_DIMS dimensions, by
 * rows.
 *
 * All of the format that this takes is read by the files beside this one, not by libhdf5, which was not made for files
 * from somewhere else: damaged ones crash it, or make it write outside of its memory.
 *
 * A file may say that its data lie in other files (external storage, virtual datasets, external links). A file from
 * somewhere else must not choose which files of this machine are read, so these are refused. */
#include "io/hdf5/hdf5.h"

#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/hdf5/hdf5_attributes.h"
#include "io/hdf5/hdf5_handle.h"
#include "io/hdf5/hdf5_links.h"
#include "io/hdf5/hdf5_objects.h"

berg_status io_hdf5_refuse(const io_hdf5 *dataset, const char *what, const char *expected, const char *found,
                           berg_error *error) {
  return base_fail_at(error,
                      &(base_fault){BERG_EINPUT, dataset->path, BERG_NO_OFFSET, dataset->name, what, expected, found});
}

static berg_status fail_missing(io_hdf5 *dataset, berg_error *error) {
  char names[400];
  if (dataset->is_optional) return BERG_EINPUT;
  berg_status status = io_h5_list(&dataset->file, names, sizeof names, error);
  if (status) return status;
  if (!*dataset->name)
    return base_fail(error, BERG_EINPUT, "%s: is an HDF5 file: say which dataset, as FILE:DATASET; there are: %s",
                     dataset->path, *names ? names : "none");
  return base_fail(error, BERG_EINPUT, "%s: %s: no such dataset; there are: %s", dataset->path, dataset->name,
                   *names ? names : "none");
}

/* The messages of a dataset's header, of which each is needed. */
static berg_status take_messages(io_hdf5 *dataset, const io_h5_header *header, io_h5_header *other, berg_error *error) {
  const io_h5_message *type = io_h5_find(header, IO_H5_TYPE), *space = io_h5_find(header, IO_H5_SPACE);
  io_h5_fields fields;
  if (!type || !space)
    return io_h5_damaged(&dataset->file, header->address, "a dataset without a type or a shape", error);
  berg_status status = io_h5_follow_shared(other, &dataset->file, header, type, &fields, error);
  if (!status) status = io_hdf5_take_type(dataset, fields, error);
  if (!status) status = io_h5_follow_shared(other, &dataset->file, header, space, &fields, error);
  if (!status) status = io_hdf5_take_shape(dataset, fields, error);
  return status ? status : io_hdf5_take_storage(dataset, header, error);
}

static berg_status take_class(void *user, const char *name, const char *text, berg_error *error) {
  io_hdf5 *dataset = user;
  (void)error;
  if (!strcmp(name, "MATLAB_class")) base_print(dataset->matlab_class, sizeof dataset->matlab_class, "%s", text);
  return BERG_OK;
}

static berg_status open_header(io_hdf5 *dataset, uint64_t address, berg_error *error) {
  io_h5_header header = {.bytes = NULL}, other = {.bytes = NULL};
  berg_status status = io_h5_header_read(&header, &dataset->file, address, error);
  if (!status)
    status = io_h5_find(&header, IO_H5_LAYOUT) ? take_messages(dataset, &header, &other, error)
                                               : fail_missing(dataset, error);
  if (!status) status = io_h5_each_text(&dataset->file, &header, take_class, dataset, error);
  io_h5_header_free(&header);
  io_h5_header_free(&other);
  return status;
}

static berg_status open_all(io_hdf5 *dataset, berg_error *error) {
  uint64_t address;
  berg_status status = io_h5_start(&dataset->file, error);
  if (!status) status = io_h5_find_object(&dataset->file, &address, error);
  if (status) return status;
  return address == IO_H5_NONE ? fail_missing(dataset, error) : open_header(dataset, address, error);
}

void io_hdf5_release(io_hdf5 *dataset) {
  io_h5_index_free(&dataset->index);
  base_free(dataset->compact);
  base_free(dataset->block);
  base_free(dataset->scratch);
}

void io_hdf5_free(io_hdf5 *dataset) {
  if (!dataset) return;
  if (dataset->file.raw >= 0) close(dataset->file.raw);
  io_hdf5_release(dataset);
  base_free(dataset->path);
  base_free(dataset->name);
  base_free(dataset);
}

static berg_status open_dataset_as(io_hdf5 **out, const char *path, const char *name, bool is_text, bool is_optional,
                                   berg_error *error) {
  *out = NULL;
  io_hdf5 *dataset = base_calloc(1, sizeof *dataset, error);
  if (!dataset) return BERG_ELIMIT;
  dataset->file.raw = -1;
  dataset->is_text = is_text;
  dataset->is_optional = is_optional;
  dataset->path = base_copy_text(path, error);
  dataset->name = base_copy_text(name, error);
  berg_status status =
      dataset->path && dataset->name ? io_h5_open(&dataset->file, dataset->path, dataset->name, error) : BERG_ELIMIT;
  if (!status) status = open_all(dataset, error);
  const bool is_passed_over = status == BERG_EINPUT && is_optional && !dataset->file.is_unread;
  if (status)
    io_hdf5_free(dataset);
  else
    *out = dataset;
  return is_passed_over ? BERG_OK : status;
}

berg_status io_hdf5_unchanged(const io_hdf5 *dataset, berg_error *error) {
  return io_stamp_unchanged(&dataset->file.stamp, dataset->path, error);
}

berg_status io_hdf5_open(io_hdf5 **out, const char *path, const char *name, berg_error *error) {
  return open_dataset_as(out, path, name, false, false, error);
}

berg_status io_hdf5_open_text(io_hdf5 **out, const char *path, const char *name, berg_error *error) {
  return open_dataset_as(out, path, name, true, false, error);
}

berg_status io_hdf5_open_optional(io_hdf5 **out, const char *path, const char *name, bool is_text, berg_error *error) {
  return open_dataset_as(out, path, name, is_text, true, error);
}

const char *io_hdf5_matlab_class(const io_hdf5 *dataset) {
  return *dataset->matlab_class ? dataset->matlab_class : NULL;
}

const berg_array *io_hdf5_about(const io_hdf5 *dataset) { return &dataset->about; }

static void swap_bytes(uint8_t *data, size_t size, size_t itemsize) {
  for (uint8_t *item = data; item < data + size; item += itemsize)
    for (size_t b = 0; b < itemsize / 2; b++) {
      uint8_t byte = item[b];
      item[b] = item[itemsize - 1 - b];
      item[itemsize - 1 - b] = byte;
    }
}

void io_hdf5_order_bytes(const io_hdf5 *dataset, void *data, size_t size) {
  if (dataset->big_endian) swap_bytes(data, size, dataset->about.itemsize);
}

berg_status io_hdf5_read_bytes(io_hdf5 *dataset, size_t first, size_t size, void *data, berg_error *error) {
  if (dataset->layout == IO_HDF5_CONTIGUOUS)
    return io_h5_read(&dataset->file, dataset->address + first, data, size, error);
  memcpy(data, dataset->compact + first, size);
  return BERG_OK;
}

berg_status io_hdf5_read(io_hdf5 *dataset, size_t first, size_t count, void *data, berg_error *error) {
  const berg_array *about = &dataset->about;
  if (!about->ndim || first > about->shape[0] || count > about->shape[0] - first)
    return base_fail(error, BERG_EARGUMENT, "%s: %s: rows %zu to %zu are not all there", dataset->path, dataset->name,
                     first, first + count);
  const size_t row = (size_t)about->strides[0], size = count * row;
  if (!size) return BERG_OK;
  berg_status status;
  if (dataset->layout == IO_HDF5_CHUNKED) {
    size_t begin[BERG_MAX_DIMS] = {first}, end[BERG_MAX_DIMS];
    memcpy(end, about->shape, sizeof end);
    end[0] = first + count;
    status = io_hdf5_read_chunks(dataset, begin, end, row, data, error);
  } else {
    status = io_hdf5_read_bytes(dataset, first * row, size, data, error);
  }
  if (!status) io_hdf5_order_bytes(dataset, data, size);
  return status;
}

const size_t *io_hdf5_chunk(const io_hdf5 *dataset) {
  return dataset->layout == IO_HDF5_CHUNKED ? dataset->chunk : NULL;
}
