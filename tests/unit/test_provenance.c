/* What an output was made from: what cannot be hashed is an error, never a source without its hash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/output/provenance.h"

static char folder[] = "/tmp/berg-provenance-XXXXXX", path[64];

static int make_file(void **state) {
  (void)state;
  if (!mkdtemp(folder)) return -1;
  snprintf(path, sizeof path, "%s/a", folder);
  FILE *file = fopen(path, "w");
  return file && fputs("abc", file) >= 0 && !fclose(file) ? 0 : -1;
}

static int remove_file(void **state) {
  (void)state;
  unlink(path);
  return rmdir(folder);
}

static const cJSON *file_of(const cJSON *tree, int index) {
  return cJSON_GetArrayItem(cJSON_GetObjectItem(tree, "SourceFiles"), index);
}

static void test_outputs_that_share_a_sidecar(void **state) {
  (void)state;
  assert_true(model_sidecar_shared("a/x.npy", "a/x.nii.gz"));
  assert_true(model_sidecar_shared("x.csv", "x.csv"));
  assert_false(model_sidecar_shared("a/x.npy", "b/x.npy"));
  assert_false(model_sidecar_shared("x.npy", "xy.npy"));
}

static void test_a_source_has_its_hash(void **state) {
  (void)state;
  cJSON *tree;
  berg_error error;
  assert_int_equal(model_provenance(&tree, "x", NULL, &error), BERG_OK);
  assert_int_equal(model_provenance_add(tree, "input", path, &error), BERG_OK);
  assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(file_of(tree, 0), "SHA256")),
                      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert_int_equal(model_provenance_renew(tree, path, &error), BERG_OK);
  assert_int_equal(cJSON_GetObjectItem(file_of(tree, 0), "Bytes")->valueint, 3);
  cJSON_Delete(tree);
}

static void test_a_source_that_cannot_be_read_is_an_error(void **state) {
  (void)state;
  cJSON *tree;
  berg_error error;
  const char *gone = "/tmp/berg-provenance-gone";
  assert_int_equal(model_provenance(&tree, "x", NULL, &error), BERG_OK);
  assert_int_equal(model_provenance_add(tree, "input", gone, &error), BERG_EINPUT);
  assert_non_null(strstr(error.message, gone));
  assert_int_equal(model_provenance_renew(tree, gone, &error), BERG_EINPUT);
  cJSON_Delete(tree);
  const berg_output_options options = {.sources = &gone, .source_count = 1};
  assert_int_equal(model_provenance(&tree, "x", &options, &error), BERG_EINPUT);
  cJSON_Delete(tree);
}

static void test_a_name_alone_is_not_hashed(void **state) {
  (void)state;
  cJSON *tree;
  berg_error error;
  model_source sources[] = {{.role = "backbone", .path = "random:1", .is_no_file = true},
                            {.role = "weights", .path = path}};
  assert_int_equal(model_provenance(&tree, "x", NULL, &error), BERG_OK);
  assert_int_equal(model_provenance_add_all(tree, sources, 2, 1, &error), BERG_OK);
  assert_null(cJSON_GetObjectItem(file_of(tree, 0), "SHA256"));
  assert_non_null(cJSON_GetObjectItem(file_of(tree, 1), "SHA256"));
  cJSON_Delete(tree);
}

static void test_where_sidecars_lie(void **state) {
  static const char *const places[][2] = {{"a.b/responses.npy", "a.b/responses.json"},
                                          {"a.b/responses", "a.b/responses.json"},
                                          {"x.nii.gz", "x.json"},
                                          {"x.NII.GZ", "x.json"},
                                          {"out/x_lh.func.gii", "out/x_lh.json"},
                                          {"x-ave.fif", "x.json"},
                                          {"x_ave.fif", "x.json"},
                                          {"x.y.csv", "x.y.json"},
                                          {"out/.npy", "out/.npy.json"},
                                          {"out/.nii.gz", "out/.nii.json"}};
  (void)state;
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    char *beside = model_sidecar_path(places[i][0], ".json", NULL);
    assert_string_equal(beside, places[i][1]);
    berg_free(beside);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_outputs_that_share_a_sidecar),
      cmocka_unit_test(test_a_source_has_its_hash),
      cmocka_unit_test(test_a_source_that_cannot_be_read_is_an_error),
      cmocka_unit_test(test_a_name_alone_is_not_hashed),
      cmocka_unit_test(test_where_sidecars_lie),
  };
  return cmocka_run_group_tests(tests, make_file, remove_file);
}
