/* berg_file from memory and from disk: names, views in place, limits that need no file of NumPy's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/memory.h"
#include "io/container/container.h"
#include "io/container/npy.h"

static berg_status open_bytes(berg_file **file, const void *bytes, size_t size, berg_error *error) {
  return io_container_from_memory(file, bytes, size, "x", error);
}

static const char HEADER[] = "{\"w.x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";

static size_t make_safetensors(uint8_t *bytes) {
  size_t length = sizeof HEADER - 1;
  memset(bytes, 0, 8);
  bytes[0] = (uint8_t)length;
  memcpy(bytes + 8, HEADER, length);
  memset(bytes + 8 + length, 1, 8);
  return 16 + length;
}

static void safetensors_is_viewed_in_place(void **state) {
  (void)state;
  uint8_t bytes[256];
  size_t size = make_safetensors(bytes), offset;
  berg_file *file;
  assert_int_equal(open_bytes(&file, bytes, size, NULL), BERG_OK);
  assert_string_equal(berg_file_format(file), "safetensors");
  const berg_array *entry = berg_file_find(file, "w.x");
  assert_ptr_equal(entry, berg_file_entry(file, 0));
  assert_ptr_equal(entry->data, bytes + size - 8);
  assert_true(io_container_offset(file, entry, &offset));
  assert_int_equal(offset, size - 8);
  assert_null(berg_file_find(file, "w"));
  assert_null(berg_file_entry(file, 1));
  berg_file_free(file);
  for (size_t cut = 0; cut < size; cut++) assert_int_equal(open_bytes(&file, bytes, cut, NULL), BERG_EINPUT);
}

static void wrapped_names_are_found(void **state) {
  (void)state;
  static const char *const asked[] = {"layer.w", "w", "x.w"};
  static const char *const names[] = {"layer.w",
                                      "module.layer.w",
                                      "_orig_mod.layer.w",
                                      "model_state_dict.layer.w",
                                      "model.module.layer.w",
                                      "state_dict._orig_mod.module.layer.w"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    uint8_t bytes[256] = {0};
    const int length =
        snprintf((char *)bytes + 8, 200, "{\"%s\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", names[i]);
    bytes[0] = (uint8_t)length;
    berg_file *file;
    assert_int_equal(open_bytes(&file, bytes, 12 + (size_t)length, NULL), BERG_OK);
    assert_ptr_equal(berg_file_find(file, asked[0]), berg_file_entry(file, 0));
    assert_null(berg_file_find(file, asked[1]));
    assert_null(berg_file_find(file, asked[2]));
    berg_file_free(file);
  }
}

/* A pickle behind the header of an object array without dimensions, in an allocation of exactly its size. */
static berg_status open_pickle(berg_file **file, const char *pickle, size_t size, berg_error *error) {
  size_t header = io_npy_write_header(NULL, 0, BERG_STRING, 8, NULL, 0);
  uint8_t *bytes = base_alloc(header + size, 1, NULL);
  io_npy_write_header(bytes, header, BERG_STRING, 8, NULL, 0);
  memcpy(bytes + header, pickle, size);
  berg_status status = open_bytes(file, bytes, header + size, error);
  base_free(bytes);
  return status;
}

static void refused_name_is_told(void **state) {
  (void)state;
  static const char pickle[] = "\x80\4cos\nsystem\nX\4\0\0\0true\x85R.";
  berg_file *file;
  berg_error error;
  assert_int_equal(open_pickle(&file, pickle, sizeof pickle - 1, &error), BERG_EINPUT);
  assert_null(file);
  assert_string_equal(error.found, "os.system");
  assert_int_equal(error.offset, io_npy_write_header(NULL, 0, BERG_STRING, 8, NULL, 0) + 2);
}

static void every_pair_of_opcodes_is_survived(void **state) {
  (void)state;
  for (int first = 0; first < 256; first++)
    for (int second = 0; second < 256; second++) {
      char pickle[] = {'\x80', 4, (char)first, (char)second, 'K', 1, 'K', 2, '.'};
      berg_file *file;
      if (!open_pickle(&file, pickle, sizeof pickle, NULL)) berg_file_free(file);
    }
}

static void arguments_are_checked(void **state) {
  (void)state;
  berg_file *file;
  assert_int_equal(berg_file_open(&file, NULL, NULL), BERG_EARGUMENT);
  assert_int_equal(berg_file_open(&file, "no such file", NULL), BERG_EINPUT);
  assert_int_equal(berg_convert("a", NULL, 0, NULL, NULL), BERG_EARGUMENT);
  assert_int_equal(berg_convert("no such file", "x.json", 0, NULL, NULL), BERG_EINPUT);
  assert_int_equal(berg_convert("no such file", "x.txt", 0, NULL, NULL), BERG_EARGUMENT);
  berg_file_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(safetensors_is_viewed_in_place), cmocka_unit_test(wrapped_names_are_found),
      cmocka_unit_test(refused_name_is_told),           cmocka_unit_test(every_pair_of_opcodes_is_survived),
      cmocka_unit_test(arguments_are_checked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
