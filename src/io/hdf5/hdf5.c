/* What is read of HDF5: one numeric dataset, contiguous, compact or chunked, of at most BERG_MAX_DIMS dimensions, by
 * rows.
 *
 * libhdf5 finds the dataset and says what and where it is. The data themselves are read and decompressed here, because
 * libhdf5 1.10 reads out of bounds in a damaged file (io/hdf5/hdf5_filters.h).
 *
 * A file may say that its data lie in other files (external storage, virtual datasets, external links). A file from
 * somewhere else must not choose which files of this machine are read, so these are refused. */
#include "io/hdf5/hdf5.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/hdf5/hdf5_handle.h"

#define NAMES_SHOWN 10
#define OBJECTS_VISITED 10000
#define DEPTH_VISITED 16
#define COMPACT_MAX ((size_t)1 << 16) /* what fits an object header */

berg_status io_hdf5_fail(const io_hdf5 *dataset, const char *what, berg_error *error) {
  char text[256];
  base_print(text, sizeof text, "%s (libhdf5: %s)", what, dataset->session.reason);
  return io_hdf5_refuse(dataset, text, NULL, NULL, error);
}

berg_status io_hdf5_refuse(const io_hdf5 *dataset, const char *what, const char *expected, const char *found,
                           berg_error *error) {
  return base_fail_at(error, &(base_fault){io_hdf5_status(&dataset->session, BERG_EINPUT), dataset->path,
                                           BERG_NO_OFFSET, dataset->name, what, expected, found});
}

typedef struct listing {
  char text[400];
  size_t visited, shown;
} listing;

#if H5_VERSION_GE(1, 12, 0)
typedef H5O_info2_t object_info;
#define visit_objects H5Ovisit3
#else
typedef H5O_info_t object_info;
#define visit_objects H5Ovisit2
#endif

/* Hostile files may link their groups in a cycle that libhdf5 does not detect, hence the limit on depth. */
static herr_t list_one(hid_t root, const char *name, const object_info *info, void *user) {
  listing *list = user;
  size_t depth = 0, used = strlen(list->text);
  (void)root;
  for (const char *c = name; *c; c++) depth += *c == '/';
  if (depth > DEPTH_VISITED || ++list->visited > OBJECTS_VISITED) return 1;
  if (info->type != H5O_TYPE_DATASET) return 0;
  if (list->shown++ == NAMES_SHOWN || used + strlen(name) + 8 > sizeof list->text) {
    base_print(list->text + used, sizeof list->text - used, ", ...");
    return 1;
  }
  base_print(list->text + used, sizeof list->text - used, "%s%s", used ? ", " : "", name);
  return 0;
}

static berg_status fail_missing(const io_hdf5 *dataset, berg_error *error) {
  listing list = {.text = ""};
  if (dataset->session.no_memory) return io_hdf5_fail(dataset, "cannot be opened", error);
  /* basic facts only: for sizes libhdf5 walks a group's B-tree, which a hostile file can make cyclic */
  visit_objects(dataset->file, H5_INDEX_NAME, H5_ITER_INC, list_one, &list, H5O_INFO_BASIC);
  if (!*dataset->name)
    base_fail(error, BERG_EINPUT, "%s: is an HDF5 file: say which dataset, as FILE:DATASET; there are: %s",
              dataset->path, *list.text ? list.text : "none");
  else
    base_fail(error, BERG_EINPUT, "%s: %s: no such dataset; there are: %s", dataset->path, dataset->name,
              *list.text ? list.text : "none");
  return BERG_EINPUT;
}

static herr_t refuse_link(const char *parent_file, const char *parent_group, const char *child_file, const char *child,
                          unsigned *flags, hid_t access, void *user) {
  (void)parent_file, (void)parent_group, (void)child_file, (void)child, (void)flags, (void)access, (void)user;
  return -1;
}

hid_t io_hdf5_open_file(const char *path) {
  hid_t how = H5Pcreate(H5P_FILE_ACCESS);
#if H5_VERSION_GE(1, 10, 7)
  H5Pset_file_locking(how, 1, 1);
#endif
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, how);
  H5Pclose(how);
  return file;
}

static hid_t open_dataset(hid_t file, const char *name) {
  hid_t how = H5Pcreate(H5P_DATASET_ACCESS);
  H5Pset_elink_cb(how, refuse_link, NULL);
  hid_t dataset = *name ? H5Dopen2(file, name, how) : -1;
  H5Pclose(how);
  return dataset;
}

/* 16-bit floats have no type of their own in libhdf5 1.10: IEEE's are 1 + 5 + 10 bits. */
static bool is_half(hid_t type) {
  size_t sign, exponent, exponent_bits, mantissa, mantissa_bits;
  return H5Tget_size(type) == 2 &&
         H5Tget_fields(type, &sign, &exponent, &exponent_bits, &mantissa, &mantissa_bits) >= 0 && sign == 15 &&
         exponent == 10 && exponent_bits == 5 && mantissa == 0 && mantissa_bits == 10 && H5Tget_ebias(type) == 15;
}

/* Only the types that a machine has, in either byte order: libhdf5 would convert any other (12 bits in 16, say), by
 * code that is as rarely run as such files are seen. */
static berg_status choose_type(io_hdf5 *dataset, hid_t stored, berg_error *error) {
  const struct {
    hid_t little, big;
    berg_dtype dtype;
  } types[] = {{H5T_STD_U8LE, H5T_STD_U8BE, BERG_U8},      {H5T_STD_I8LE, H5T_STD_I8BE, BERG_I8},
               {H5T_STD_U16LE, H5T_STD_U16BE, BERG_U16},   {H5T_STD_I16LE, H5T_STD_I16BE, BERG_I16},
               {H5T_STD_U32LE, H5T_STD_U32BE, BERG_U32},   {H5T_STD_I32LE, H5T_STD_I32BE, BERG_I32},
               {H5T_STD_U64LE, H5T_STD_U64BE, BERG_U64},   {H5T_STD_I64LE, H5T_STD_I64BE, BERG_I64},
               {H5T_IEEE_F32LE, H5T_IEEE_F32BE, BERG_F32}, {H5T_IEEE_F64LE, H5T_IEEE_F64BE, BERG_F64}};
  static const char *const classes[] = {"integers", "floats",     "times",
                                        "text",     "bits",       "opaque bytes",
                                        "records",  "references", "an enumeration (such as bool)",
                                        "lists",    "arrays"};
  berg_array *about = &dataset->about;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    dataset->big_endian = H5Tequal(stored, types[i].little) <= 0;
    if (dataset->big_endian && H5Tequal(stored, types[i].big) <= 0) continue;
    about->dtype = types[i].dtype;
    about->itemsize = base_dtype_size(about->dtype);
    return BERG_OK;
  }
  H5T_class_t class = H5Tget_class(stored);
  if (class == H5T_FLOAT && is_half(stored)) {
    dataset->big_endian = H5Tget_order(stored) == H5T_ORDER_BE;
    about->dtype = BERG_F16;
    about->itemsize = 2;
    return BERG_OK;
  }
  char found[96];
  bool known = class >= 0 && (size_t) class < sizeof classes / sizeof *classes;
  base_print(found, sizeof found, "%s of %zu bytes", known ? classes[class] : "an unknown type", H5Tget_size(stored));
  return io_hdf5_refuse(dataset, "not a numeric dataset", "integers of 1, 2, 4, 8 bytes or floats of 2, 4, 8", found,
                        error);
}

static berg_status take_text(io_hdf5 *dataset, hid_t stored, berg_error *error) {
  if (H5Tget_class(stored) != H5T_STRING || H5Tis_variable_str(stored) != 0)
    return io_hdf5_refuse(dataset, "not a dataset of text of fixed length", NULL, NULL, error);
  dataset->text_bytes = H5Tget_size(stored);
  dataset->about.dtype = BERG_U8;
  dataset->about.itemsize = 1;
  return BERG_OK;
}

static berg_status take_shape(io_hdf5 *dataset, hid_t space, berg_error *error) {
  berg_array *about = &dataset->about;
  hsize_t dims[H5S_MAX_RANK];
  int ndim = H5Sget_simple_extent_type(space) == H5S_NULL ? -1 : H5Sget_simple_extent_ndims(space);
  if (ndim < 0) return io_hdf5_refuse(dataset, "holds no data", NULL, NULL, error);
  if (ndim > BERG_MAX_DIMS - dataset->is_text)
    return io_hdf5_refuse(dataset, "too many dimensions", "at most 8", NULL, error);
  if (H5Sget_simple_extent_dims(space, dims, NULL) < 0) return io_hdf5_fail(dataset, "has no readable shape", error);
  if (dataset->is_text) dims[ndim++] = dataset->text_bytes;
  about->ndim = (size_t)ndim;
  size_t bytes = about->itemsize;
  for (int d = 0; d < ndim; d++) {
    about->shape[d] = (size_t)dims[d];
    /* Zero elsewhere in the shape must not hide that the rest overflows the strides. */
    if (dims[d] > PTRDIFF_MAX || !base_multiply(bytes, dims[d] ? (size_t)dims[d] : 1, &bytes) || bytes > PTRDIFF_MAX)
      return io_hdf5_refuse(dataset, "its size does not fit this machine", NULL, NULL, error);
  }
  base_array_set_strides(about, false);
  return BERG_OK;
}

static berg_status take_contiguous(io_hdf5 *dataset, size_t bytes, berg_error *error) {
  dataset->offset = H5Dget_offset(dataset->dataset);
  if (dataset->offset == HADDR_UNDEF) return io_hdf5_refuse(dataset, "its data were never written", NULL, NULL, error);
  if (dataset->offset > dataset->file_bytes || bytes > dataset->file_bytes - dataset->offset) {
    char expected[80], found[48];
    base_print(expected, sizeof expected, "%zu bytes from byte %llu", bytes, (unsigned long long)dataset->offset);
    base_print(found, sizeof found, "a file of %llu", (unsigned long long)dataset->file_bytes);
    return io_hdf5_refuse(dataset, "its data reach beyond the end of the file", expected, found, error);
  }
  return BERG_OK;
}

/* Finds the data and checks that they lie in this file, before anything is allocated for them. */
static berg_status take_storage(io_hdf5 *dataset, berg_error *error) {
  size_t bytes = dataset->about.itemsize;
  for (size_t d = 0; d < dataset->about.ndim; d++) bytes *= dataset->about.shape[d];
  hid_t how = H5Dget_create_plist(dataset->dataset);
  if (how < 0) return io_hdf5_fail(dataset, "cannot be examined", error);
  berg_status status = BERG_OK;
  dataset->layout = H5Pget_layout(how);
  if (dataset->layout == H5D_CHUNKED)
    status = dataset->is_text ? io_hdf5_refuse(dataset, "text in chunks, which is not supported", NULL, NULL, error)
                              : io_hdf5_take_chunks(dataset, how, error);
  else if (dataset->layout == H5D_VIRTUAL || (dataset->layout == H5D_CONTIGUOUS && H5Pget_external_count(how) != 0))
    status = io_hdf5_refuse(dataset, "its data lie in other files, which are not followed", NULL, NULL, error);
  else if (dataset->layout == H5D_CONTIGUOUS)
    status = bytes ? take_contiguous(dataset, bytes, error) : BERG_OK;
  else if (dataset->layout != H5D_COMPACT || bytes > COMPACT_MAX || H5Dget_storage_size(dataset->dataset) < bytes)
    status = io_hdf5_refuse(dataset, "its data are not where they should be", NULL, NULL, error);
  H5Pclose(how);
  return status;
}

static berg_status open_all(io_hdf5 *dataset, berg_error *error) {
  dataset->file = io_hdf5_open_file(dataset->path);
  if (dataset->file < 0)
    return base_fail(error, io_hdf5_status(&dataset->session, BERG_EINPUT),
                     "%s: cannot be read as HDF5: libhdf5 says %s", dataset->path, dataset->session.reason);
  dataset->dataset = open_dataset(dataset->file, dataset->name);
  if (dataset->dataset < 0) return fail_missing(dataset, error);
  hid_t stored = H5Dget_type(dataset->dataset);
  berg_status status = stored < 0         ? io_hdf5_fail(dataset, "has no readable type", error)
                       : dataset->is_text ? take_text(dataset, stored, error)
                                          : choose_type(dataset, stored, error);
  if (stored >= 0) H5Tclose(stored);
  if (status) return status;
  hid_t space = H5Dget_space(dataset->dataset);
  status = space < 0 ? io_hdf5_fail(dataset, "has no readable shape", error) : take_shape(dataset, space, error);
  if (space >= 0) H5Sclose(space);
  return status ? status : take_storage(dataset, error);
}

static void close_all(const io_hdf5 *dataset) {
  if (dataset->dataset >= 0) H5Dclose(dataset->dataset);
  if (dataset->file >= 0) H5Fclose(dataset->file);
}

static void release(io_hdf5 *dataset) {
  if (dataset->raw >= 0) close(dataset->raw);
  base_free(dataset->block);
  base_free(dataset->scratch);
  base_free(dataset->path);
  base_free(dataset->name);
  base_free(dataset);
}

static berg_status open_dataset_as(io_hdf5 **out, const char *path, const char *name, bool is_text, berg_error *error) {
  *out = NULL;
  struct stat about;
  int raw = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is refused, not waited for */
  if (raw < 0 || fstat(raw, &about)) return base_fail_errno(error, BERG_EINPUT, path, "cannot be opened", errno);
  if (!S_ISREG(about.st_mode)) {
    close(raw);
    return base_fail(error, BERG_EINPUT, "%s: not a regular file", path);
  }
  io_hdf5 *dataset = base_calloc(1, sizeof *dataset, error);
  if (!dataset) {
    close(raw);
    return BERG_ELIMIT;
  }
  dataset->raw = raw;
  dataset->file_bytes = (uint64_t)about.st_size;
  dataset->file = dataset->dataset = -1;
  dataset->is_text = is_text;
  dataset->path = base_copy_text(path, error);
  dataset->name = base_copy_text(name, error);
  io_hdf5_enter(&dataset->session);
  berg_status status = dataset->path && dataset->name ? open_all(dataset, error) : BERG_ELIMIT;
  if (status) close_all(dataset);
  io_hdf5_leave(&dataset->session);
  if (status)
    release(dataset);
  else
    *out = dataset;
  return status;
}

berg_status io_hdf5_open(io_hdf5 **out, const char *path, const char *name, berg_error *error) {
  return open_dataset_as(out, path, name, false, error);
}

berg_status io_hdf5_open_text(io_hdf5 **out, const char *path, const char *name, berg_error *error) {
  return open_dataset_as(out, path, name, true, error);
}

void io_hdf5_free(io_hdf5 *dataset) {
  if (!dataset) return;
  io_hdf5_enter(&dataset->session);
  close_all(dataset);
  io_hdf5_leave(&dataset->session);
  release(dataset);
}

const berg_array *io_hdf5_about(const io_hdf5 *dataset) { return &dataset->about; }

static berg_status read_contiguous(const io_hdf5 *dataset, size_t first_byte, size_t size, uint8_t *data,
                                   berg_error *error) {
  off_t offset = (off_t)(dataset->offset + first_byte);
  while (size) {
    ssize_t got = pread(dataset->raw, data, size, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return base_fail_errno(error, BERG_EINPUT, dataset->path, "cannot be read", errno);
    if (!got) return io_hdf5_refuse(dataset, "was cut short while it was read", NULL, NULL, error);
    data += got;
    offset += got;
    size -= (size_t)got;
  }
  return BERG_OK;
}

/* A few kilobytes in the object header: libhdf5 reads them whole, in the type that is stored. */
static berg_status read_compact(io_hdf5 *dataset, size_t first_byte, size_t size, uint8_t *data, berg_error *error) {
  uint8_t *whole = base_alloc(COMPACT_MAX, 1, error);
  if (!whole) return BERG_ELIMIT;
  hid_t type = H5Dget_type(dataset->dataset);
  berg_status status = BERG_OK;
  if (type < 0 || H5Dread(dataset->dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, whole) < 0)
    status = io_hdf5_fail(dataset, "cannot be read", error);
  else
    memcpy(data, whole + first_byte, size);
  if (type >= 0) H5Tclose(type);
  base_free(whole);
  return status;
}

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

berg_status io_hdf5_read_box(io_hdf5 *dataset, const size_t *begin, const size_t *end, size_t pitch, void *data,
                             berg_error *error) {
  io_hdf5_enter(&dataset->session);
  berg_status status = io_hdf5_read_chunks(dataset, begin, end, pitch, data, error);
  io_hdf5_leave(&dataset->session);
  return status;
}

berg_status io_hdf5_read_bytes(io_hdf5 *dataset, size_t first, size_t size, void *data, berg_error *error) {
  if (dataset->layout == H5D_CONTIGUOUS) return read_contiguous(dataset, first, size, data, error);
  io_hdf5_enter(&dataset->session);
  berg_status status = read_compact(dataset, first, size, data, error);
  io_hdf5_leave(&dataset->session);
  return status;
}

berg_status io_hdf5_read(io_hdf5 *dataset, size_t first, size_t count, void *data, berg_error *error) {
  const berg_array *about = &dataset->about;
  if (!about->ndim || first > about->shape[0] || count > about->shape[0] - first)
    return base_fail(error, BERG_EARGUMENT, "%s: %s: rows %zu to %zu are not all there", dataset->path, dataset->name,
                     first, first + count);
  const size_t row = (size_t)about->strides[0], size = count * row;
  if (!size) return BERG_OK;
  berg_status status;
  if (dataset->layout == H5D_CHUNKED) {
    size_t begin[BERG_MAX_DIMS] = {first}, end[BERG_MAX_DIMS];
    memcpy(end, about->shape, sizeof end);
    end[0] = first + count;
    status = io_hdf5_read_box(dataset, begin, end, row, data, error);
  } else {
    status = io_hdf5_read_bytes(dataset, first * row, size, data, error);
  }
  if (!status) io_hdf5_order_bytes(dataset, data, size);
  return status;
}

const size_t *io_hdf5_chunk(const io_hdf5 *dataset) { return dataset->layout == H5D_CHUNKED ? dataset->chunk : NULL; }
