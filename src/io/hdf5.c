/* What is read of HDF5 (its layout is libhdf5's business): one numeric dataset, contiguous, compact or chunked with any
 * filter, of at most BERG_MAX_DIMS dimensions, by rows.
 *
 * A file may say that its data lie in other files (external storage, virtual datasets, external links). A file from somewhere
 * else must not choose which files of this machine are read, so these are refused. */
#include "io/hdf5.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/memory.h"
#include "io/hdf5_session.h"

#define CHUNK_MAX ((uint64_t)1 << 30)
#define NAMES_SHOWN 10
#define OBJECTS_VISITED 10000
#define DEPTH_VISITED 16

struct io_hdf5 {
  char *path;
  char *name;
  hid_t file, dataset, type;
  berg_array about;
  io_hdf5_session session; /* of the call under way */
};

static berg_status fail(const io_hdf5 *dataset, const char *what, berg_error *error) {
  char text[256];
  snprintf(text, sizeof text, "%s (libhdf5: %s)", what, dataset->session.reason);
  return base_fail_at(error, &(base_fault){BERG_EINPUT, dataset->path, BERG_NO_OFFSET, dataset->name, text, NULL, NULL});
}

static berg_status refuse(const io_hdf5 *dataset, const char *what, const char *expected, const char *found, berg_error *error) {
  return base_fail_at(error,
                      &(base_fault){BERG_EINPUT, dataset->path, BERG_NO_OFFSET, dataset->name, what, expected, found});
}

typedef struct listing {
  char text[400];
  size_t visited, shown;
} listing;

/* Hostile files may make their groups a circle that libhdf5 does not see, hence the depth. */
static herr_t list_one(hid_t root, const char *name, const H5O_info_t *info, void *user) {
  listing *list = user;
  size_t depth = 0, used = strlen(list->text);
  (void)root;
  for (const char *c = name; *c; c++) depth += *c == '/';
  if (depth > DEPTH_VISITED || ++list->visited > OBJECTS_VISITED) return 1;
  if (info->type != H5O_TYPE_DATASET) return 0;
  if (list->shown++ == NAMES_SHOWN || used + strlen(name) + 8 > sizeof list->text) {
    snprintf(list->text + used, sizeof list->text - used, ", ...");
    return 1;
  }
  snprintf(list->text + used, sizeof list->text - used, "%s%s", used ? ", " : "", name);
  return 0;
}

static berg_status fail_missing(const io_hdf5 *dataset, berg_error *error) {
  listing list = {.text = ""};
  H5Ovisit(dataset->file, H5_INDEX_NAME, H5_ITER_INC, list_one, &list);
  if (!*dataset->name)
    base_fail(error, BERG_EINPUT, "%s: is an HDF5 file: say which dataset, as FILE:DATASET; there are: %s", dataset->path,
              *list.text ? list.text : "none");
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

/* The file without a lock where its file system has none (read-only and network file systems). */
static hid_t open_file(const char *path) {
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

/* 16-bit floats have no native type in libhdf5 1.10: an IEEE type of 1 + 5 + 10 bits. */
static hid_t half_type(void) {
  hid_t type = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_fields(type, 15, 10, 5, 0, 10);
  H5Tset_size(type, 2);
  H5Tset_ebias(type, 15);
  return type;
}

/* The type to read into, in this machine's byte order. */
static berg_status choose_type(io_hdf5 *dataset, hid_t stored, berg_error *error) {
  static const char *const classes[] = {"integers", "floats",    "times",        "text",              "bits",  "opaque bytes",
                                        "records",  "references", "an enumeration (such as bool)", "lists", "arrays"};
  H5T_class_t class = H5Tget_class(stored);
  size_t size = H5Tget_size(stored);
  bool is_signed = class == H5T_INTEGER && H5Tget_sign(stored) != H5T_SGN_NONE;
  berg_array *about = &dataset->about;
  about->itemsize = size;
  if (class == H5T_INTEGER) {
    const struct {
      berg_dtype dtypes[2];
      hid_t types[2];
    } choices[9] = {[1] = {{BERG_U8, BERG_I8}, {H5T_NATIVE_UINT8, H5T_NATIVE_INT8}},
                    [2] = {{BERG_U16, BERG_I16}, {H5T_NATIVE_UINT16, H5T_NATIVE_INT16}},
                    [4] = {{BERG_U32, BERG_I32}, {H5T_NATIVE_UINT32, H5T_NATIVE_INT32}},
                    [8] = {{BERG_U64, BERG_I64}, {H5T_NATIVE_UINT64, H5T_NATIVE_INT64}}};
    if (size == 1 || size == 2 || size == 4 || size == 8) {
      about->dtype = choices[size].dtypes[is_signed];
      dataset->type = H5Tcopy(choices[size].types[is_signed]);
      return BERG_OK;
    }
  } else if (class == H5T_FLOAT && (size == 2 || size == 4 || size == 8)) {
    about->dtype = size == 2 ? BERG_F16 : size == 4 ? BERG_F32 : BERG_F64;
    dataset->type = size == 2 ? half_type() : H5Tcopy(size == 4 ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE);
    return BERG_OK;
  }
  char found[96];
  bool known = class >= 0 && (size_t)class < sizeof classes / sizeof *classes;
  snprintf(found, sizeof found, "%s of %zu bytes", known ? classes[class] : "an unknown type", size);
  return refuse(dataset, "not a numeric dataset", "integers of 1, 2, 4, 8 bytes or floats of 2, 4, 8", found, error);
}

static berg_status take_shape(io_hdf5 *dataset, hid_t space, berg_error *error) {
  berg_array *about = &dataset->about;
  hsize_t dims[H5S_MAX_RANK];
  int ndim = H5Sget_simple_extent_type(space) == H5S_NULL ? -1 : H5Sget_simple_extent_ndims(space);
  if (ndim < 0) return refuse(dataset, "holds no data", NULL, NULL, error);
  if (ndim > BERG_MAX_DIMS) return refuse(dataset, "too many dimensions", "at most 8", NULL, error);
  if (H5Sget_simple_extent_dims(space, dims, NULL) < 0) return fail(dataset, "has no readable shape", error);
  about->ndim = (size_t)ndim;
  size_t bytes = about->itemsize;
  for (int d = 0; d < ndim; d++) {
    about->shape[d] = (size_t)dims[d];
    /* Zero elsewhere in the shape must not hide that the rest overflows the strides. */
    if (dims[d] > PTRDIFF_MAX || !base_multiply(bytes, dims[d] ? (size_t)dims[d] : 1, &bytes) || bytes > PTRDIFF_MAX)
      return refuse(dataset, "its size does not fit this machine", NULL, NULL, error);
  }
  base_array_set_strides(about, false);
  return BERG_OK;
}

/* That data said to lie in the file do lie in it, before anything is allocated for them. */
static berg_status check_storage(const io_hdf5 *dataset, berg_error *error) {
  hid_t how = H5Dget_create_plist(dataset->dataset);
  if (how < 0) return fail(dataset, "cannot be examined", error);
  H5D_layout_t layout = H5Pget_layout(how);
  int external = layout == H5D_CONTIGUOUS ? H5Pget_external_count(how) : 0;
  hsize_t chunk[H5S_MAX_RANK];
  int chunk_dims = layout == H5D_CHUNKED ? H5Pget_chunk(how, H5S_MAX_RANK, chunk) : 0;
  H5Pclose(how);
  if (layout == H5D_VIRTUAL || external != 0)
    return refuse(dataset, "its data lie in other files, which are not followed", NULL, NULL, error);
  uint64_t chunk_bytes = dataset->about.itemsize;
  for (int d = 0; d < chunk_dims && d < H5S_MAX_RANK; d++)
    if (__builtin_mul_overflow(chunk_bytes, chunk[d], &chunk_bytes) || chunk_bytes > CHUNK_MAX)
      return refuse(dataset, "chunk too large", "at most 1 GiB", NULL, error);
  haddr_t offset = layout == H5D_CONTIGUOUS ? H5Dget_offset(dataset->dataset) : HADDR_UNDEF;
  if (offset == HADDR_UNDEF) return BERG_OK;
  struct stat file;
  uint64_t stored = H5Dget_storage_size(dataset->dataset), needed = dataset->about.itemsize;
  for (size_t d = 0; d < dataset->about.ndim; d++) needed *= dataset->about.shape[d];
  if (stat(dataset->path, &file)) return fail(dataset, "cannot be examined", error);
  if (stored < needed || offset > (uint64_t)file.st_size || needed > (uint64_t)file.st_size - offset) {
    char expected[48], found[48];
    snprintf(expected, sizeof expected, "%llu bytes", (unsigned long long)needed);
    snprintf(found, sizeof found, "%llu in a file of %lld", (unsigned long long)stored, (long long)file.st_size);
    return refuse(dataset, "its data reach beyond the end of the file", expected, found, error);
  }
  return BERG_OK;
}

static berg_status open_all(io_hdf5 *dataset, berg_error *error) {
  dataset->file = open_file(dataset->path);
  if (dataset->file < 0)
    return base_fail(error, BERG_EINPUT, "%s: cannot be read as HDF5: libhdf5 says %s", dataset->path,
                     dataset->session.reason);
  dataset->dataset = open_dataset(dataset->file, dataset->name);
  if (dataset->dataset < 0) return fail_missing(dataset, error);
  hid_t stored = H5Dget_type(dataset->dataset);
  berg_status status = stored < 0 ? fail(dataset, "has no readable type", error) : choose_type(dataset, stored, error);
  if (stored >= 0) H5Tclose(stored);
  if (status) return status;
  hid_t space = H5Dget_space(dataset->dataset);
  status = space < 0 ? fail(dataset, "has no readable shape", error) : take_shape(dataset, space, error);
  if (space >= 0) H5Sclose(space);
  return status ? status : check_storage(dataset, error);
}

static void close_all(const io_hdf5 *dataset) {
  if (dataset->type >= 0) H5Tclose(dataset->type);
  if (dataset->dataset >= 0) H5Dclose(dataset->dataset);
  if (dataset->file >= 0) H5Fclose(dataset->file);
}

static void release(io_hdf5 *dataset) {
  base_free(dataset->path);
  base_free(dataset->name);
  base_free(dataset);
}

berg_status io_hdf5_open(io_hdf5 **out, const char *path, const char *name, berg_error *error) {
  *out = NULL;
  struct stat file;
  if (stat(path, &file)) return base_fail_errno(error, BERG_EINPUT, path, "cannot be opened", errno);
  if (!S_ISREG(file.st_mode)) return base_fail(error, BERG_EINPUT, "%s: is not a regular file", path);
  io_hdf5 *dataset = base_calloc(1, sizeof *dataset, error);
  if (!dataset) return BERG_ELIMIT;
  dataset->file = dataset->dataset = dataset->type = -1;
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

void io_hdf5_free(io_hdf5 *dataset) {
  if (!dataset) return;
  io_hdf5_enter(&dataset->session);
  close_all(dataset);
  io_hdf5_leave(&dataset->session);
  release(dataset);
}

const berg_array *io_hdf5_about(const io_hdf5 *dataset) { return &dataset->about; }

static bool read_rows(io_hdf5 *dataset, size_t first, size_t count, void *data) {
  const berg_array *about = &dataset->about;
  hsize_t start[BERG_MAX_DIMS] = {first}, extent[BERG_MAX_DIMS] = {count};
  for (size_t d = 1; d < about->ndim; d++) extent[d] = about->shape[d];
  hid_t file_space = H5Dget_space(dataset->dataset), memory_space = H5Screate_simple((int)about->ndim, extent, NULL);
  bool done = file_space >= 0 && memory_space >= 0 &&
              H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, extent, NULL) >= 0 &&
              H5Dread(dataset->dataset, dataset->type, memory_space, file_space, H5P_DEFAULT, data) >= 0;
  if (memory_space >= 0) H5Sclose(memory_space);
  if (file_space >= 0) H5Sclose(file_space);
  return done;
}

berg_status io_hdf5_read(io_hdf5 *dataset, size_t first, size_t count, void *data, berg_error *error) {
  const berg_array *about = &dataset->about;
  if (!about->ndim || first > about->shape[0] || count > about->shape[0] - first)
    return base_fail(error, BERG_EARGUMENT, "%s: %s: rows %zu to %zu are not all there", dataset->path, dataset->name, first,
                     first + count);
  char what[96];
  io_hdf5_enter(&dataset->session);
  snprintf(what, sizeof what, "rows %zu to %zu cannot be read", first, first + count);
  berg_status status = !count || read_rows(dataset, first, count, data) ? BERG_OK : fail(dataset, what, error);
  io_hdf5_leave(&dataset->session);
  return status;
}
