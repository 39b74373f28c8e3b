/* Writes a table of responses in PyTables' layout:
 *
 *     /                     PyTables' root: CLASS, PYTABLES_FORMAT_VERSION, TITLE, VERSION
 *     /ResponseData         group: pandas_type "frame", ndim, nblocks, the varieties of its axes
 *       axis0               names of the columns, "voxel_id", 0, 1, ...: a pickle in a variable-length array of one row
 *       axis1               int64 (voxels): names of the rows, 0, 1, ...
 *       block0_items        names of the trials' columns, 0, 1, ...: likewise a pickle
 *       block0_values       float64 or float32 (voxels, trials)
 *       block1_items        "voxel_id"
 *       block1_values       int64 (voxels, 1)
 *
 * As in write_hdf5.c, libhdf5 lays the file out, its space is tested in advance, and the large datasets are written
 * with pwrite. Names and attributes are those that pandas 1.5 to 3 and PyTables 3.7 to 3.10 write; pandas_version is
 * the version of their format. */
#include "io/hdf5/write_pandas.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/hdf5/hdf5_session.h"
#include "io/file/put_at.h"
#include "io/file/whole_file.h"

#define NUMBERS_AT_ONCE ((size_t)1 << 16)
#define METADATA_BYTES ((size_t)1 << 17) /* libhdf5 writes 20 kB besides the two pickles */

struct io_pandas {
  io_whole_file *file;
  char *path;
  size_t voxels, trials, itemsize;
  haddr_t values, numbers, names; /* where block0_values, block1_values and axis1 begin */
};

/* --- The pickles: NumPy object arrays of whole numbers, perhaps after a text, protocol 3. --- */

typedef struct pickle {
  uint8_t *bytes;
  size_t size;
} pickle;

static void put(pickle *to, const void *bytes, size_t size) {
  memcpy(to->bytes + to->size, bytes, size);
  to->size += size;
}

static void put_number(pickle *to, uint32_t number) {
  const uint8_t wide[5] = {'J', (uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16),
                           (uint8_t)(number >> 24)};
  const uint8_t narrow[3] = {number < 256 ? 'K' : 'M', wide[1], wide[2]};
  if (number < 65536)
    put(to, narrow, number < 256 ? 2 : 3);
  else
    put(to, wide, sizeof wide);
}

/* numpy.core is the module's name in NumPy 1, and an alias of it in NumPy 2. */
#define BEFORE_COUNT                                               \
  "\x80\x03"                                                       \
  "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85" \
  "C\1b\x87R"                                                      \
  "(K\1"
#define AFTER_COUNT           \
  "\x85"                      \
  "cnumpy\ndtype\nX\2\0\0\0O" \
  "8\x89\x88\x87R"            \
  "(K\3X\1\0\0\0|NNNJ\377\377\377\377J\377\377\377\377K?tb\x89]("
#define TEXT "X\10\0\0\0voxel_id"
#define AFTER_ITEMS "etb."

static bool make_pickle(pickle *made, size_t trials, bool with_text, berg_error *error) {
  made->size = 0;
  made->bytes = base_alloc(trials + 64, 5, error);
  if (!made->bytes) return false;
  put(made, BEFORE_COUNT, sizeof BEFORE_COUNT - 1);
  put_number(made, (uint32_t)(trials + with_text));
  put(made, AFTER_COUNT, sizeof AFTER_COUNT - 1);
  if (with_text) put(made, TEXT, sizeof TEXT - 1);
  for (size_t i = 0; i < trials; i++) put_number(made, (uint32_t)i);
  put(made, AFTER_ITEMS, sizeof AFTER_ITEMS - 1);
  return true;
}

/* --- Attributes, in the types that PyTables gives them --- */

static bool attribute(hid_t object, const char *name, hid_t type, H5S_class_t extent, const void *value) {
  hid_t space = H5Screate(extent);
  hid_t made = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  bool done = made >= 0 && (extent == H5S_NULL || H5Awrite(made, type, value) >= 0);
  if (made >= 0) H5Aclose(made);
  H5Sclose(space);
  return done;
}

/* An empty text is an attribute without a value. */
static bool text(hid_t object, const char *name, const char *value) {
  hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, *value ? strlen(value) : 1);
  H5Tset_cset(type, H5T_CSET_UTF8);
  bool done = attribute(object, name, type, *value ? H5S_SCALAR : H5S_NULL, value);
  H5Tclose(type);
  return done;
}

static bool number(hid_t object, const char *name, int64_t value) {
  return attribute(object, name, H5T_STD_I64LE, H5S_SCALAR, &value);
}

/* None, which PyTables keeps as a pickle. */
static bool nothing(hid_t object, const char *name) {
  hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, 2);
  bool done = attribute(object, name, type, H5S_SCALAR, "N.");
  H5Tclose(type);
  return done;
}

static bool describe(hid_t object, const char *class, const char *version, const char *kind) {
  const uint8_t yes = 1;
  if (!text(object, "CLASS", class) || !text(object, "VERSION", version) || !text(object, "TITLE", "")) return false;
  if (!strcmp(class, "GROUP")) return true;
  const bool is_array = !strcmp(class, "ARRAY");
  return text(object, is_array ? "FLAVOR" : "PSEUDOATOM", is_array ? "numpy" : "object") &&
         attribute(object, "transposed", H5T_STD_B8LE, H5S_SCALAR, &yes) &&
         (!kind || (text(object, "kind", kind) && nothing(object, "name")));
}

/* --- Datasets --- */

static bool add_array(hid_t group, const char *name, hid_t type, size_t rows, size_t columns, const char *kind,
                      const void *value, haddr_t *offset) {
  const hsize_t dims[2] = {rows, columns};
  hid_t space = H5Screate_simple(columns ? 2 : 1, dims, NULL), how = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_layout(how, H5D_CONTIGUOUS);
  H5Pset_alloc_time(how, H5D_ALLOC_TIME_EARLY);
  H5Pset_fill_time(how, H5D_FILL_TIME_NEVER);
  H5Pset_obj_track_times(how, 0);
  hid_t made = H5Dcreate2(group, name, type, space, H5P_DEFAULT, how, H5P_DEFAULT);
  bool done = made >= 0 && describe(made, "ARRAY", "2.4", kind) &&
              (!value || H5Dwrite(made, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, value) >= 0);
  if (done && offset) done = (*offset = H5Dget_offset(made)) != HADDR_UNDEF;
  if (made >= 0) H5Dclose(made);
  H5Pclose(how);
  H5Sclose(space);
  return done;
}

static bool add_pickle(hid_t group, const char *name, const pickle *content) {
  const hsize_t one = 1, any = H5S_UNLIMITED;
  const hvl_t row = {content->size, content->bytes};
  hid_t type = H5Tvlen_create(H5T_STD_U8LE), space = H5Screate_simple(1, &one, &any);
  hid_t how = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(how, 1, &one);
  H5Pset_obj_track_times(how, 0);
  hid_t made = H5Dcreate2(group, name, type, space, H5P_DEFAULT, how, H5P_DEFAULT);
  bool done = made >= 0 && describe(made, "VLARRAY", "1.4", "object") &&
              H5Dwrite(made, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &row) >= 0;
  if (made >= 0) H5Dclose(made);
  H5Pclose(how);
  H5Sclose(space);
  H5Tclose(type);
  return done;
}

static bool describe_frame(hid_t group) {
  static const char *const varieties[] = {"axis0_variety", "axis1_variety", "block0_items_variety",
                                          "block1_items_variety"};
  bool done = describe(group, "GROUP", "1.0", NULL) && text(group, "pandas_type", "frame") &&
              text(group, "pandas_version", "0.15.2") && text(group, "encoding", "UTF-8") &&
              text(group, "errors", "strict") && number(group, "ndim", 2) && number(group, "nblocks", 2);
  for (size_t i = 0; i < 4 && done; i++) done = text(group, varieties[i], "regular");
  return done;
}

static bool add_blocks(hid_t group, io_pandas *table, const pickle *columns, const pickle *items) {
  hid_t name = H5Tcopy(H5T_C_S1);
  H5Tset_size(name, 8);
  bool done = add_pickle(group, "axis0", columns) &&
              add_array(group, "axis1", H5T_STD_I64LE, table->voxels, 0, "integer", NULL, &table->names) &&
              add_pickle(group, "block0_items", items) &&
              add_array(group, "block0_values", table->itemsize == 4 ? H5T_IEEE_F32LE : H5T_IEEE_F64LE, table->voxels,
                        table->trials, NULL, NULL, &table->values) &&
              add_array(group, "block1_items", name, 1, 0, "string", "voxel_id", NULL) &&
              add_array(group, "block1_values", H5T_STD_I64LE, table->voxels, 1, NULL, NULL, &table->numbers);
  H5Tclose(name);
  return done;
}

static bool lay_out(hid_t file, io_pandas *table, const pickle *columns, const pickle *items) {
  if (!describe(file, "GROUP", "1.0", NULL) || !text(file, "PYTABLES_FORMAT_VERSION", "2.1")) return false;
  hid_t group = H5Gcreate2(file, "ResponseData", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  if (group < 0) return false;
  bool done = describe_frame(group) && add_blocks(group, table, columns, items);
  H5Gclose(group);
  return done;
}

/* --- The file --- */

/* Makes sure that libhdf5 does not meet a full disk, on which it fails to close the file (write_hdf5.c). */
static berg_status try_room(io_pandas *table, size_t metadata, berg_error *error) {
  uint8_t *zeros = base_calloc(metadata, 1, error);
  if (!zeros) return BERG_ELIMIT;
  const int file = io_whole_file_handle(table->file);
  const size_t all = table->voxels * (table->trials * table->itemsize + 2 * sizeof(int64_t)) + metadata;
  berg_status status = io_put_at(file, zeros, metadata, 0, table->path, error);
  if (!status && (ftruncate(file, (off_t)all) || fsync(file)))
    status = base_fail_errno(error, BERG_EWRITE, table->path, "cannot be written", errno);
  base_free(zeros);
  return status;
}

static berg_status create(io_pandas *table, berg_error *error) {
  pickle columns = {NULL, 0}, items = {NULL, 0};
  berg_status status = BERG_ELIMIT;
  if (make_pickle(&columns, table->trials, true, error) && make_pickle(&items, table->trials, false, error))
    status = try_room(table, columns.size + items.size + METADATA_BYTES, error);
  if (!status) {
    io_hdf5_session session;
    io_hdf5_enter(&session);
    hid_t file = io_hdf5_create(io_whole_file_path(table->file));
    bool done = file >= 0 && lay_out(file, table, &columns, &items);
    if (file >= 0 && H5Fclose(file) < 0) done = false;
    io_hdf5_leave(&session);
    if (!done)
      status = base_fail(error, io_hdf5_status(&session, BERG_EWRITE), "%s: cannot be written: libhdf5 says %s",
                         table->path, session.reason);
  }
  base_free(columns.bytes);
  base_free(items.bytes);
  return status;
}

/* 0, 1, 2, ...: the rows' names and the voxels' numbers. */
static berg_status put_numbers(io_pandas *table, haddr_t offset, berg_error *error) {
  int64_t *numbers = base_alloc(NUMBERS_AT_ONCE, sizeof *numbers, error);
  berg_status status = numbers ? BERG_OK : BERG_ELIMIT;
  for (size_t first = 0; first < table->voxels && !status; first += NUMBERS_AT_ONCE) {
    size_t left = table->voxels - first, count = left < NUMBERS_AT_ONCE ? left : NUMBERS_AT_ONCE;
    for (size_t i = 0; i < count; i++) numbers[i] = (int64_t)(first + i);
    status = io_put_at(io_whole_file_handle(table->file), numbers, count * sizeof *numbers,
                       offset + first * sizeof *numbers, table->path, error);
  }
  base_free(numbers);
  return status;
}

static berg_status fill_names(io_pandas *table, berg_error *error) {
  berg_status status = put_numbers(table, table->names, error);
  return status ? status : put_numbers(table, table->numbers, error);
}

static void release(io_pandas *table) {
  base_free(table->path);
  base_free(table);
}

berg_status io_pandas_open(io_pandas **out, const char *path, size_t voxels, size_t trials, berg_dtype dtype,
                           bool force, berg_error *error) {
  size_t bytes;
  *out = NULL;
  if (!voxels || !trials || trials >= INT32_MAX || !base_multiply(trials + 2, voxels, &bytes) || bytes > INT64_MAX / 16)
    return base_fail(error, BERG_EARGUMENT, "%s: a table of %zu voxels and %zu trials", path, voxels, trials);
  io_pandas *table = base_calloc(1, sizeof *table, error);
  if (!table) return BERG_ELIMIT;
  *table = (io_pandas){.voxels = voxels, .trials = trials, .itemsize = dtype == BERG_F32 ? 4 : 8};
  table->path = base_copy_text(path, error);
  berg_status status = table->path ? io_whole_file_open(&table->file, path, force, error) : BERG_ELIMIT;
  if (!status) status = create(table, error);
  if (!status) status = fill_names(table, error);
  if (status)
    io_pandas_abandon(table, error);
  else
    *out = table;
  return status;
}

berg_status io_pandas_write(io_pandas *table, size_t first, size_t count, const void *values, berg_error *error) {
  const size_t row = table->trials * table->itemsize;
  return io_put_at(io_whole_file_handle(table->file), values, count * row, table->values + first * row, table->path,
                   error);
}

berg_status io_pandas_commit(io_pandas *table, berg_error *error) {
  berg_status status = io_whole_file_commit(table->file, error);
  release(table);
  return status;
}

void io_pandas_abandon(io_pandas *table, berg_error *error) {
  if (!table) return;
  io_whole_file_abandon(table->file, error);
  release(table);
}
