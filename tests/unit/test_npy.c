/* Headers of .npy: what NumPy writes is read and written to the byte, everything else is refused with one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "io/container/npy.h"

/* A file of `version` with `text` as its header and `data` bytes behind it. */
static size_t make(uint8_t *file, int version, const char *text, size_t data) {
  size_t length = strlen(text), start = version == 1 ? 10 : 12;
  memcpy(file, "\x93NUMPY", 6);
  file[6] = (uint8_t)version;
  file[7] = 0;
  memset(file + 8, 0, 4);
  file[8] = (uint8_t)length;
  file[9] = (uint8_t)(length >> 8);
  memcpy(file + start, text, length);
  memset(file + start + length, 0, data);
  return start + length + data;
}

static berg_status parse(io_npy_header *header, int version, const char *text, size_t data, berg_error *error) {
  uint8_t file[4096];
  size_t size = make(file, version, text, data);
  return io_npy_read_header(header, file, size, size, "x.npy", error);
}

static void versions_and_spacing(void **state) {
  (void)state;
  io_npy_header header;
  for (int version = 1; version <= 3; version++) {
    assert_int_equal(
        parse(&header, version, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }   \n", 48, NULL), BERG_OK);
    assert_int_equal(header.dtype, BERG_F32);
    assert_int_equal(header.ndim, 2);
    assert_int_equal(header.shape[0], 3);
    assert_int_equal(header.shape[1], 4);
    assert_false(header.fortran || header.big_endian);
  }
  assert_int_equal(parse(&header, 1, " {\"shape\":(2 ,),\t'fortran_order':True,'descr':\">i8\"}", 16, NULL), BERG_OK);
  assert_true(header.fortran && header.big_endian);
  assert_int_equal(header.dtype, BERG_I64);
  assert_int_equal(parse(&header, 1, "{'descr':'|O','fortran_order':False,'shape':()}", 0, NULL), BERG_OK);
  assert_int_equal(header.dtype, BERG_STRING);
  assert_int_equal(header.ndim, 0);
  assert_int_equal(parse(&header, 1, "{'descr':'<U5','fortran_order':False,'shape':(0,)}", 0, NULL), BERG_OK);
  assert_int_equal(header.itemsize, 20);
}

static void wrong_headers(void **state) {
  (void)state;
  static const char *const texts[] = {
      "",
      "{",
      "{}",
      "[]",
      "{'descr':'<f4'}",
      "{'descr':'<f4','fortran_order':False,'shape':(1)}",
      "{'descr':'<f4','fortran_order':False,'shape':(1,2}",
      "{'descr':'<f4','fortran_order':False,'shape':(-1,)}",
      "{'descr':'<f4','fortran_order':False,'shape':(1 2)}",
      "{'descr':'<f4','fortran_order':False,'shape':(,)}",
      "{'descr':'<f4','fortran_order':False,'shape':(1,2,3,4,5,6,7,8,9)}",
      "{'descr':'<f4','fortran_order':False,'shape':(18446744073709551616,)}",
      "{'descr':'<f4','fortran_order':False,'shape':(4611686018427387904,)}",
      "{'descr':'<f8','fortran_order':False,'shape':(0,4611686018427387904,4)}",
      "{'descr':'<f4','fortran_order':0,'shape':(1,)}",
      "{'descr':'<f4','fortran_order':False,'shape':(1,),'more':1}",
      "{'descr':'<f4','descr':'<f4','fortran_order':False,'shape':(1,)}",
      "{'descr':'<f4' 'fortran_order':False,'shape':(1,)}",
      "{'descr':'<f4','fortran_order':False,'shape':(1,)} x",
      "{'descr':'<c8','fortran_order':False,'shape':(1,)}",
      "{'descr':'|V2','fortran_order':False,'shape':(1,)}",
      "{'descr':'<U0','fortran_order':False,'shape':(1,)}",
      "{'descr':'<U99999999999','fortran_order':False,'shape':(1,)}",
      "{'descr':'<f3','fortran_order':False,'shape':(1,)}",
      "{'descr':[('a','<f4')],'fortran_order':False,'shape':(1,)}",
      "{'descr':'<f4','fortran_order':False,'shape':__import__('os')}",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    io_npy_header header;
    berg_error error;
    if (parse(&header, 1, texts[i], 64, &error) != BERG_EINPUT) fail_msg("accepted: %s", texts[i]);
    assert_non_null(strstr(error.message, "x.npy"));
  }
}

static void every_truncation(void **state) {
  (void)state;
  uint8_t file[256];
  size_t size = make(file, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }\n", 12);
  io_npy_header header;
  assert_int_equal(io_npy_read_header(&header, file, size, size, "x", NULL), BERG_OK);
  for (size_t cut = 0; cut < size; cut++)
    assert_int_equal(io_npy_read_header(&header, file, cut, cut ? cut : 1, "x", NULL), BERG_EINPUT);
  /* a stream: the header is enough */
  assert_int_equal(io_npy_read_header(&header, file, size - 12, 0, "x", NULL), BERG_OK);
  file[0] = 0;
  assert_int_equal(io_npy_read_header(&header, file, size, size, "x", NULL), BERG_EINPUT);
}

/* The text that NumPy 1.24 gives, from its documentation of the format: checked against NumPy itself in
 * tests/oracle/test_npy_files.py. */
static void written_headers(void **state) {
  (void)state;
  uint8_t file[512];
  io_npy_header header;
  size_t shape[BERG_MAX_DIMS] = {100, 211339};
  size_t length = io_npy_write_header(file, sizeof file, BERG_F32, 4, shape, 2);
  assert_int_equal(length, 128);
  assert_memory_equal(file, "\x93NUMPY\x01\0\x76\0{'descr': '<f4', 'fortran_order': False, 'shape': (100, 211339), }  ",
                      75);
  assert_int_equal(file[127], '\n');
  assert_int_equal(io_npy_read_header(&header, file, length, 0, "x", NULL), BERG_OK);
  assert_int_equal(header.shape[1], 211339);
  assert_int_equal(io_npy_write_header(NULL, 0, BERG_F32, 4, shape, 2), 128);
  assert_int_equal(io_npy_write_header(file, 127, BERG_F32, 4, shape, 2), 0);
  for (size_t d = 0; d < BERG_MAX_DIMS; d++) shape[d] = SIZE_MAX;
  length = io_npy_write_header(file, sizeof file, BERG_UNICODE, 2147483644, shape, BERG_MAX_DIMS);
  assert_true(length > 0 && length % 64 == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(versions_and_spacing),
      cmocka_unit_test(wrong_headers),
      cmocka_unit_test(every_truncation),
      cmocka_unit_test(written_headers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
