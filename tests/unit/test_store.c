/* A store that grows: what is committed stays, what is not goes, and names are found again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/checksum.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/store/write.h"

#define WIDTH 5

static char folder[] = "/tmp/test_store_XXXXXX";

static char *path_of(const char *name) {
  static char path[256];
  base_print(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static model_store_about about_of(model_store_part *part) {
  static char one[] = "1", model[] = "fmri-things_fmri_1-vit_b_32", all[] = "all", file[] = "scores_sub-01.npy";
  *part = (model_store_part){
      .model = model, .subject = one, .train_splits = all, .basis = one, .file = file, .width = WIDTH};
  return (model_store_about){.maker = {one, one, one, one, one, one}, .parts = part, .part_count = 1};
}

static model_store_writer *begin(const char *name) {
  model_store_part part;
  model_store_writer *writer;
  berg_error error;
  const model_store_about about = about_of(&part);
  assert_int_equal(model_store_begin(&writer, path_of(name), &about, &error), BERG_OK);
  return writer;
}

static void add(model_store_writer *writer, const char *name, unsigned number) {
  float row[WIDTH];
  const float *rows = row;
  char copy[256];
  model_store_image image = {.name = copy, .is_file = true, .bytes = number};
  berg_error error;
  base_print(copy, sizeof copy, "%s", name);
  base_print(image.digest, sizeof image.digest, "%08x%056d", number, 0);
  for (size_t j = 0; j < WIDTH; j++) row[j] = (float)number + (float)j / 8;
  assert_int_equal(model_store_append(writer, &image, 1, &rows, &error), BERG_OK);
}

static berg_store *opened(const char *name) {
  berg_store *store;
  berg_error error;
  if (berg_store_open(&store, path_of(name), &error)) fail_msg("%s", error.message);
  return store;
}

static void committed_images_stay(void **state) {
  berg_error error;
  (void)state;
  model_store_writer *writer = begin("stay");
  add(writer, "a.jpg", 1);
  assert_int_equal(model_store_commit(writer, &error), BERG_OK);
  add(writer, "b.jpg", 2); /* not committed */
  assert_int_equal(model_store_images(writer), 2);
  model_store_end(writer);
  berg_store *store = opened("stay");
  assert_int_equal(berg_store_count(store), 1);
  assert_int_equal(berg_store_check(store, 2, NULL, &error), BERG_OK);
  berg_store_free(store);
  writer = begin("stay");
  assert_int_equal(model_store_images(writer), 1);
  char digest[BASE_SHA256_TEXT];
  base_print(digest, sizeof digest, "%08x%056d", 1, 0);
  assert_int_equal(model_store_held(writer, digest), 0);
  base_print(digest, sizeof digest, "%08x%056d", 2, 0);
  assert_true(model_store_held(writer, digest) == SIZE_MAX);
  add(writer, "c.jpg", 3);
  assert_int_equal(model_store_commit(writer, &error), BERG_OK);
  model_store_end(writer);
  store = opened("stay");
  const float *rows;
  assert_int_equal(model_store_rows(store, 0, 0, 2, NULL, &rows, &error), BERG_OK);
  assert_true(rows[WIDTH + 1] == 3.125f);
  berg_store_free(store);
}

static size_t found(const berg_store *store, const char *name) {
  size_t image = SIZE_MAX;
  berg_error error;
  return berg_store_find(store, name, &image, &error) ? SIZE_MAX : image;
}

static void names_are_found(void **state) {
  static const char *const names[] = {"x/a.jpg", "y/a.jpg", "x/tab\there\\.jpg", "line\nbreak.jpg"};
  berg_error error;
  char *name;
  (void)state;
  model_store_writer *writer = begin("names");
  for (unsigned i = 0; i < 4; i++) add(writer, names[i], i + 10);
  assert_int_equal(model_store_alias(writer, "z/other.jpg", 1, SIZE_MAX, &error), BERG_OK);
  assert_int_equal(model_store_alias(writer, "z/other.jpg", 1, SIZE_MAX, &error), BERG_OK); /* once is enough */
  assert_int_equal(model_store_alias(writer, "x/a.jpg", 0, SIZE_MAX, &error), BERG_OK);     /* its own name is none */
  assert_int_equal(model_store_commit(writer, &error), BERG_OK);
  model_store_end(writer);
  berg_store *store = opened("names");
  assert_int_equal(store->about.aliases, 1);
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(berg_store_name(&name, store, i, &error), BERG_OK);
    assert_string_equal(name, names[i]);
    assert_int_equal(found(store, name), i);
    berg_free(name);
  }
  assert_int_equal(found(store, "other.jpg"), 1);
  assert_int_equal(found(store, "tab\there\\.jpg"), 2);
  assert_true(found(store, "b.jpg") == SIZE_MAX);
  size_t image;
  assert_int_equal(berg_store_find(store, "a.jpg", &image, &error), BERG_EINPUT);
  assert_non_null(strstr(error.message, "holds several images of the name a.jpg: name the folder too"));
  assert_int_equal(berg_store_name(&name, store, 4, &error), BERG_EARGUMENT);
  berg_store_free(store);
}

static void one_writer_at_a_time(void **state) {
  model_store_part part;
  model_store_writer *second;
  berg_error error;
  (void)state;
  model_store_writer *first = begin("one");
  const model_store_about about = about_of(&part);
  assert_int_equal(model_store_begin(&second, path_of("one"), &about, &error), BERG_EWRITE);
  assert_null(second);
  model_store_end(first);
  model_store_end(begin("one"));
}

static void numbers_that_are_none(void **state) {
  static const float no_number[WIDTH] = {1, 2, NAN, 4, 5};
  const float *rows = no_number;
  berg_error error;
  char name[] = "nan.jpg";
  (void)state;
  model_store_writer *writer = begin("nan");
  add(writer, "a.jpg", 1);
  model_store_image image = {.name = name};
  base_print(image.digest, sizeof image.digest, "%08x%056d", 99, 0);
  assert_int_equal(model_store_append(writer, &image, 1, &rows, &error), BERG_OK);
  assert_int_equal(model_store_commit(writer, &error), BERG_OK);
  model_store_end(writer);
  berg_store *store = opened("nan");
  assert_int_equal(model_store_rows(store, 0, 0, 1, NULL, &rows, &error), BERG_OK);
  assert_int_equal(model_store_rows(store, 0, 0, 2, NULL, &rows, &error), BERG_EINPUT);
  assert_non_null(strstr(error.message, "row 1 (image nan.jpg) holds scores that are no numbers"));
  berg_store_free(store);
}

static int make_folder(void **state) {
  (void)state;
  return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
  char command[300];
  (void)state;
  base_print(command, sizeof command, "rm -r %s", folder);
  return system(command);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(committed_images_stay),
      cmocka_unit_test(names_are_found),
      cmocka_unit_test(one_writer_at_a_time),
      cmocka_unit_test(numbers_that_are_none),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
