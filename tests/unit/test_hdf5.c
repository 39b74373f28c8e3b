/* The HDF5 reader on files that libhdf5 makes here: types, byte orders, storage; and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/hdf5/hdf5.h"
#include "io/hdf5/hdf5_session.h"

#define ROWS 5
#define COLUMNS 3

static char folder[] = "/tmp/berg-hdf5-XXXXXX";
static char path[64], other[64], cut[64];

static void add(hid_t file, const char *name, hid_t stored, hid_t how, hid_t given, const void *data) {
  hid_t space = H5Screate_simple(2, (hsize_t[]){ROWS, COLUMNS}, NULL);
  hid_t dataset = H5Dcreate2(file, name, stored, space, H5P_DEFAULT, how, H5P_DEFAULT);
  assert_true(dataset >= 0);
  if (data) assert_true(H5Dwrite(dataset, given, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
  H5Dclose(dataset);
  H5Sclose(space);
}

static void add_odd(hid_t file) {
  hid_t text = H5Tcopy(H5T_C_S1), boolean = H5Tenum_create(H5T_NATIVE_INT8), how = H5Pcreate(H5P_DATASET_CREATE);
  H5Tset_size(text, 4);
  H5Tenum_insert(boolean, "FALSE", (int8_t[]){0});
  H5Tenum_insert(boolean, "TRUE", (int8_t[]){1});
  add(file, "text", text, H5P_DEFAULT, text, NULL);
  add(file, "bool", boolean, H5P_DEFAULT, boolean, NULL);
  add(file, "long double", H5T_NATIVE_LDOUBLE, H5P_DEFAULT, H5T_NATIVE_LDOUBLE, NULL);
  H5Pset_external(how, "/etc/passwd", 0, ROWS * COLUMNS);
  add(file, "unwritten", H5T_STD_U8LE, H5P_DEFAULT, H5T_STD_U8LE, NULL);
  hid_t compact = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_layout(compact, H5D_COMPACT);
  add(file, "compact", H5T_STD_U16BE, compact, H5T_NATIVE_INT,
      (int[ROWS * COLUMNS]){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14});
  H5Pclose(compact);
  add(file, "external", H5T_STD_U8LE, how, H5T_STD_U8LE, NULL);
  H5Pclose(how);
  H5Tclose(text);
  H5Tclose(boolean);
  hid_t space = H5Screate(H5S_NULL);
  H5Dclose(H5Dcreate2(file, "nothing", H5T_STD_U8LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Sclose(space);
  space = H5Screate(H5S_SCALAR);
  hid_t scalar = H5Dcreate2(file, "scalar", H5T_STD_U8LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Dwrite(scalar, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, (uint8_t[]){7});
  H5Dclose(scalar);
  H5Sclose(space);
  const hsize_t dims[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  space = H5Screate_simple(9, dims, NULL);
  H5Dclose(H5Dcreate2(file, "nine", H5T_STD_U8LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Sclose(space);
  H5Lcreate_external(other, "/data", file, "elsewhere", H5P_DEFAULT, H5P_DEFAULT);
}

static int make_files(void **state) {
  (void)state;
  double values[ROWS * COLUMNS];
  for (int i = 0; i < ROWS * COLUMNS; i++) values[i] = i;
  if (!mkdtemp(folder)) return 1;
  snprintf(path, sizeof path, "%s/a.h5", folder);
  snprintf(other, sizeof other, "%s/b.h5", folder);
  snprintf(cut, sizeof cut, "%s/c.h5", folder);
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  H5Gclose(H5Gcreate2(file, "group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  hid_t how = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(how, 2, (hsize_t[]){2, 2});
  H5Pset_shuffle(how);
  H5Pset_deflate(how, 4);
  add(file, "group/data", H5T_STD_U8LE, H5P_DEFAULT, H5T_NATIVE_DOUBLE, values);
  add(file, "i16be", H5T_STD_I16BE, H5P_DEFAULT, H5T_NATIVE_DOUBLE, values);
  add(file, "i64", H5T_STD_I64LE, how, H5T_NATIVE_DOUBLE, values);
  add(file, "u32be", H5T_STD_U32BE, how, H5T_NATIVE_DOUBLE, values);
  add(file, "f32be", H5T_IEEE_F32BE, how, H5T_NATIVE_DOUBLE, values);
  add(file, "f64", H5T_IEEE_F64LE, H5P_DEFAULT, H5T_NATIVE_DOUBLE, values);
  H5Pclose(how);
  add_odd(file);
  H5Fclose(file);
  file = H5Fcreate(other, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  add(file, "data", H5T_STD_U8LE, H5P_DEFAULT, H5T_NATIVE_DOUBLE, values);
  H5Fclose(file);
  return 0;
}

static int remove_files(void **state) {
  (void)state;
  char command[64];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

static double value_of(const berg_array *about, const void *data, size_t i) {
  switch (about->dtype) {
  case BERG_U8: return ((const uint8_t *)data)[i];
  case BERG_U16: return ((const uint16_t *)data)[i];
  case BERG_I16: return ((const int16_t *)data)[i];
  case BERG_I64: return (double)((const int64_t *)data)[i];
  case BERG_U32: return ((const uint32_t *)data)[i];
  case BERG_F32: return (double)((const float *)data)[i];
  case BERG_F64: return ((const double *)data)[i];
  default: return -1;
  }
}

static void every_type_and_storage(void **state) {
  (void)state;
  const struct {
    const char *name;
    berg_dtype dtype;
  } cases[] = {{"group/data", BERG_U8}, {"/group/data", BERG_U8}, {"i16be", BERG_I16}, {"i64", BERG_I64},
               {"u32be", BERG_U32},     {"f32be", BERG_F32},      {"f64", BERG_F64},   {"compact", BERG_U16}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    io_hdf5 *dataset;
    berg_error error;
    if (io_hdf5_open(&dataset, path, cases[i].name, &error)) fail_msg("%s", error.message);
    const berg_array *about = io_hdf5_about(dataset);
    assert_int_equal(about->dtype, cases[i].dtype);
    assert_int_equal(about->ndim, 2);
    assert_int_equal(about->shape[0], ROWS);
    assert_int_equal(about->shape[1], COLUMNS);
    assert_int_equal(about->strides[0], COLUMNS * about->itemsize);
    double data[ROWS * COLUMNS];
    for (size_t first = 0; first <= ROWS; first++)
      for (size_t count = 0; count <= ROWS - first; count++) {
        assert_int_equal(io_hdf5_read(dataset, first, count, data, NULL), BERG_OK);
        for (size_t j = 0; j < count * COLUMNS; j++)
          assert_true(value_of(about, data, j) == (double)(first * COLUMNS + j));
      }
    assert_int_equal(io_hdf5_read(dataset, ROWS, 1, data, NULL), BERG_EARGUMENT);
    assert_int_equal(io_hdf5_read(dataset, 1, SIZE_MAX, data, NULL), BERG_EARGUMENT);
    io_hdf5_free(dataset);
  }
}

static void refusals_say_what_is_there(void **state) {
  (void)state;
  const char *const cases[][2] = {
      {"none", "none: no such dataset; there are: bool, compact, external, f32be, f64, group/data, i16be, "
               "i64, long double, nine, ..."},
      {"group", "group: no such dataset; there are: bool"},
      {"", "say which dataset, as FILE:DATASET; there are: bool, compact, external"},
      {"text", "text: not a numeric dataset: expected integers of 1, 2, 4, 8 bytes or floats of 2, 4, 8, "
               "found text of 4 bytes"},
      {"bool", "found an enumeration (such as bool) of 1 bytes"},
      {"long double", "found floats of 16 bytes"},
      {"unwritten", "unwritten: its data were never written"},
      {"nothing", "nothing: holds no data"},
      {"nine", "too many dimensions: expected at most 8"},
      {"external", "external: its data lie in other files, which are not followed"},
      {"elsewhere", "elsewhere: is a link into another file, "},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    berg_error error;
    io_hdf5 *dataset;
    assert_int_equal(io_hdf5_open(&dataset, path, cases[i][0], &error), BERG_EINPUT);
    assert_null(dataset);
    if (!strstr(error.message, cases[i][1])) fail_msg("\"%s\" lacks \"%s\"", error.message, cases[i][1]);
  }
  berg_error error;
  io_hdf5 *dataset;
  assert_int_equal(io_hdf5_open(&dataset, "/none.h5", "a", &error), BERG_EINPUT);
  assert_non_null(strstr(error.message, "/none.h5: cannot be opened: No such file"));
  assert_int_equal(io_hdf5_open(&dataset, folder, "a", &error), BERG_EINPUT);
  assert_non_null(strstr(error.message, "not a regular file"));
  assert_int_equal(io_hdf5_open(&dataset, "/proc/self/cmdline", "a", &error), BERG_EINPUT);
  assert_non_null(strstr(error.message, "cannot be read as HDF5"));
  io_hdf5_free(NULL);
}

/* The superblock of version 1 says how many chunks a node of a B-tree has. */
static void nodes_of_another_size(void **state) {
  (void)state;
  double values[ROWS * COLUMNS], found[ROWS * COLUMNS];
  for (int i = 0; i < ROWS * COLUMNS; i++) values[i] = i;
  hid_t how = H5Pcreate(H5P_FILE_CREATE), chunks = H5Pcreate(H5P_DATASET_CREATE), oldest = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_libver_bounds(oldest, H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST); /* libhdf5 2 writes superblock 2 by itself */
  H5Pset_istore_k(how, 2);
  H5Pset_sym_k(how, 2, 2);
  H5Pset_chunk(chunks, 2, (hsize_t[]){1, 1});
  hid_t file = H5Fcreate(cut, H5F_ACC_TRUNC, how, oldest);
  char name[8];
  for (int i = 0; i < 40; i++) {
    snprintf(name, sizeof name, "d%d", i);
    add(file, name, H5T_IEEE_F64LE, chunks, H5T_NATIVE_DOUBLE, values);
  }
  H5Pclose(oldest);
  H5Pclose(chunks);
  H5Pclose(how);
  H5Fclose(file);
  FILE *made = fopen(cut, "rb");
  assert_true(!fseek(made, 8, SEEK_SET) && fgetc(made) == 1);
  fclose(made);
  for (int i = 0; i < 40; i++) {
    io_hdf5 *dataset;
    berg_error error;
    snprintf(name, sizeof name, "d%d", i);
    if (io_hdf5_open(&dataset, cut, name, &error)) fail_msg("%s", error.message);
    assert_int_equal(io_hdf5_read(dataset, 0, ROWS, found, &error), BERG_OK);
    assert_memory_equal(found, values, sizeof values);
    io_hdf5_free(dataset);
  }
}

static void scalars_have_no_rows(void **state) {
  (void)state;
  io_hdf5 *dataset;
  uint8_t byte;
  assert_int_equal(io_hdf5_open(&dataset, path, "scalar", NULL), BERG_OK);
  assert_int_equal(io_hdf5_about(dataset)->ndim, 0);
  assert_int_equal(io_hdf5_read(dataset, 0, 1, &byte, NULL), BERG_EARGUMENT);
  io_hdf5_free(dataset);
}

static herr_t print(hid_t stack, void *user) {
  (void)stack;
  ++*(int *)user;
  return 0;
}

static void callers_error_printing_is_put_back(void **state) {
  (void)state;
  int printed = 0;
  H5E_auto2_t before, after;
  void *before_data, *after_data;
  H5Eget_auto2(H5E_DEFAULT, &before, &before_data);
  H5Eset_auto2(H5E_DEFAULT, print, &printed);
  io_hdf5 *dataset;
  assert_int_equal(io_hdf5_open(&dataset, path, "none", NULL), BERG_EINPUT);
  assert_int_equal(printed, 0);
  H5Eget_auto2(H5E_DEFAULT, &after, &after_data);
  assert_true(after == print && after_data == &printed);
  H5Eset_auto2(H5E_DEFAULT, before, before_data);
}

/* Cut after every byte: refused, or read to the right values where what is missing was not needed. */
static void truncated_files_are_refused(void **state) {
  (void)state;
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  static uint8_t bytes[1 << 16];
  size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  assert_true(size > 4096 && size < sizeof bytes);
  for (size_t length = 0; length < size; length += length < 200 ? 1 : 37) {
    file = fopen(cut, "wb");
    fwrite(bytes, 1, length, file);
    fclose(file);
    berg_error error;
    io_hdf5 *dataset;
    assert_int_equal(io_hdf5_open(&dataset, cut, "i64", &error), BERG_EINPUT);
    assert_non_null(strstr(error.message, "c.h5"));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_type_and_storage),
      cmocka_unit_test(refusals_say_what_is_there),
      cmocka_unit_test(nodes_of_another_size),
      cmocka_unit_test(scalars_have_no_rows),
      cmocka_unit_test(callers_error_printing_is_put_back),
      cmocka_unit_test(truncated_files_are_refused),
  };
  return cmocka_run_group_tests(tests, make_files, remove_files);
}
