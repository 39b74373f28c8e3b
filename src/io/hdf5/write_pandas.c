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
 * Names and attributes are those that pandas 1.5 to 3 and PyTables 3.7 to 3.10 write; pandas_version is the version of
 * their format. */
#include "io/hdf5/write_pandas.h"

#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "io/hdf5/hdf5_draft.h"
#include "io/file/put_at.h"
#include "io/file/whole_file.h"

#define NUMBERS_AT_ONCE ((size_t)1 << 16)
#define NAME "voxel_id"

struct io_pandas {
  io_whole_file *file;
  char *path;
  size_t voxels, trials, itemsize;
  uint64_t values, numbers, names, items; /* where block0_values, block1_values, axis1 and block1_items begin */
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
#define TEXT "X\10\0\0\0" NAME
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

/* An empty text is an attribute without a value. */
static void add_text(io_hdf5_draft *draft, size_t object, const char *name, const char *value) {
  io_hdf5_type type = io_hdf5_text(strlen(value));
  type.is_terminated = true;
  io_hdf5_add_note(draft, object, name, type, *value ? value : NULL);
}

/* ASCII, as NumPy's bytes. */
static io_hdf5_type bytes_of(size_t size) {
  return (io_hdf5_type){.class = IO_HDF5_TEXT, .size = size, .is_terminated = true};
}

/* None, which PyTables keeps as a pickle. */
static void add_nothing(io_hdf5_draft *draft, size_t object, const char *name) {
  io_hdf5_add_note(draft, object, name, bytes_of(2), "N.");
}

static void describe(io_hdf5_draft *draft, size_t object, const char *class, const char *version) {
  add_text(draft, object, "CLASS", class);
  add_text(draft, object, "VERSION", version);
  add_text(draft, object, "TITLE", "");
}

/* `flavor`: in which attribute it says what Python makes of it. */
static void describe_array(io_hdf5_draft *draft, size_t object, const char *flavor, const char *value,
                           const char *kind) {
  const io_hdf5_type bits = {.class = IO_HDF5_BITS, .size = 1};
  add_text(draft, object, flavor, value);
  io_hdf5_add_note(draft, object, "transposed", bits, &(uint8_t){1});
  if (!kind) return;
  add_text(draft, object, "kind", kind);
  add_nothing(draft, object, "name");
}

static void describe_frame(io_hdf5_draft *draft, size_t group) {
  static const char *const texts[][2] = {
      {"pandas_type", "frame"}, {"pandas_version", "0.15.2"}, {"encoding", "UTF-8"}, {"errors", "strict"}};
  static const char *const varieties[] = {"axis0_variety", "axis1_variety", "block0_items_variety",
                                          "block1_items_variety"};
  describe(draft, group, "GROUP", "1.0");
  for (size_t i = 0; i < 4; i++) add_text(draft, group, texts[i][0], texts[i][1]);
  io_hdf5_add_number_note(draft, group, "ndim", 2);
  io_hdf5_add_number_note(draft, group, "nblocks", 2);
  for (size_t i = 0; i < 4; i++) add_text(draft, group, varieties[i], "regular");
}

/* --- Datasets --- */

/* `columns` 0: of one dimension. */
static void add_array(io_hdf5_draft *draft, size_t group, const char *name, io_hdf5_type type, size_t rows,
                      size_t columns, const char *kind, uint64_t *offset) {
  const size_t shape[2] = {rows, columns};
  const size_t made = io_hdf5_add_dataset(draft, group, name, type, shape, columns ? 2 : 1, offset);
  describe(draft, made, "ARRAY", "2.4");
  describe_array(draft, made, "FLAVOR", "numpy", kind);
}

static void add_pickle(io_hdf5_draft *draft, size_t group, const char *name, const pickle *content) {
  const size_t made = io_hdf5_add_list(draft, group, name, content->bytes, content->size);
  describe(draft, made, "VLARRAY", "1.4");
  describe_array(draft, made, "PSEUDOATOM", "object", "object");
}

static void add_all(io_hdf5_draft *draft, io_pandas *table, const pickle *columns, const pickle *items) {
  const io_hdf5_type whole = io_hdf5_number(BERG_I64);
  const io_hdf5_type real = io_hdf5_number(table->itemsize == 4 ? BERG_F32 : BERG_F64);
  describe(draft, IO_HDF5_ROOT, "GROUP", "1.0");
  add_text(draft, IO_HDF5_ROOT, "PYTABLES_FORMAT_VERSION", "2.1");
  const size_t group = io_hdf5_add_group(draft, IO_HDF5_ROOT, "ResponseData");
  describe_frame(draft, group);
  add_pickle(draft, group, "axis0", columns);
  add_array(draft, group, "axis1", whole, table->voxels, 0, "integer", &table->names);
  add_pickle(draft, group, "block0_items", items);
  add_array(draft, group, "block0_values", real, table->voxels, table->trials, NULL, &table->values);
  add_array(draft, group, "block1_items", bytes_of(sizeof NAME - 1), 1, 0, "string", &table->items);
  add_array(draft, group, "block1_values", whole, table->voxels, 1, NULL, &table->numbers);
}

/* --- The file --- */

static berg_status put_at(const io_pandas *table, const void *bytes, size_t size, uint64_t offset, berg_error *error) {
  return io_put_at(io_whole_file_handle(table->file), bytes, size, offset, table->path, error);
}

static berg_status lay_out(io_pandas *table, const pickle *columns, const pickle *items, berg_error *error) {
  io_hdf5_draft draft;
  uint64_t bytes;
  io_hdf5_draft_begin(&draft, table->path, error);
  add_all(&draft, table, columns, items);
  berg_status status = io_hdf5_draft_finish(&draft, io_whole_file_handle(table->file), &bytes);
  return status ? status : put_at(table, NAME, sizeof NAME - 1, table->items, error);
}

static berg_status create(io_pandas *table, berg_error *error) {
  pickle columns = {NULL, 0}, items = {NULL, 0};
  berg_status status = BERG_ELIMIT;
  if (make_pickle(&columns, table->trials, true, error) && make_pickle(&items, table->trials, false, error))
    status = lay_out(table, &columns, &items, error);
  base_free(columns.bytes);
  base_free(items.bytes);
  return status;
}

/* 0, 1, 2, ...: the rows' names and the voxels' numbers. */
static berg_status put_numbers(io_pandas *table, uint64_t offset, berg_error *error) {
  int64_t *numbers = base_alloc(NUMBERS_AT_ONCE, sizeof *numbers, error);
  berg_status status = numbers ? BERG_OK : BERG_ELIMIT;
  for (size_t first = 0; first < table->voxels && !status; first += NUMBERS_AT_ONCE) {
    size_t left = table->voxels - first, count = left < NUMBERS_AT_ONCE ? left : NUMBERS_AT_ONCE;
    for (size_t i = 0; i < count; i++) numbers[i] = (int64_t)(first + i);
    status = put_at(table, numbers, count * sizeof *numbers, offset + first * sizeof *numbers, error);
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
  return put_at(table, values, count * row, table->values + first * row, error);
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
