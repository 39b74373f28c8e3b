/* JSON: an incomplete tree is never printed, and bad syntax and lack of memory are never confused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/value/json_build.h"
#include "io/value/json_guard.h"
#include "io/value/json_print.h"

static size_t taken, failing;

static void *allocate(size_t size) { return ++taken == failing ? NULL : malloc(size); }

static int watch(void **state) {
  (void)state;
  failing = 0;
  cJSON_InitHooks(&(cJSON_Hooks){allocate, free});
  return 0;
}

static int unwatch(void **state) {
  (void)state;
  cJSON_InitHooks(NULL);
  return 0;
}

static void fail_at(size_t number) {
  taken = 0;
  failing = number;
}

/* A tree with each kind of thing that is added, and a copy in it. */
static cJSON *build(void) {
  cJSON *tree = io_json_object(), *list = io_json_add_list(tree, "list"), *inner = io_json_add_object(list, NULL);
  io_json_add_text(inner, "text", "a");
  io_json_add_number(list, NULL, 1.5);
  io_json_add_numbers(tree, "numbers", (const double[]){1, 2}, 2);
  io_json_add_bool(tree, "yes", true);
  io_json_add_null(inner, "none");
  io_json_add_raw(inner, "raw", "1e3");
  io_json_add(tree, "item", io_json_text("b"));
  io_json_add(tree, "copy", io_json_copy(inner));
  return tree;
}

static const char built[] = "{\"list\":[{\"text\":\"a\",\"none\":null,\"raw\":1e3},1.5],\"numbers\":[1,2],\"yes\":true,"
                            "\"item\":\"b\",\"copy\":{\"text\":\"a\",\"none\":null,\"raw\":1e3}}";

static void test_every_allocation_of_a_tree_may_fail(void **state) {
  (void)state;
  for (size_t number = 1;; number++) {
    char *json = (char *)1;
    berg_error error = {.status = BERG_OK};
    fail_at(number);
    cJSON *tree = build();
    berg_status status = io_json_print_close(tree, &json, &error);
    bool ran_out = taken >= number;
    fail_at(0);
    cJSON_Delete(tree);
    if (!ran_out) {
      assert_int_equal(status, BERG_OK);
      assert_string_equal(json, built);
      base_free(json);
      assert_true(number > 20);
      return;
    }
    assert_int_equal(status, BERG_ELIMIT);
    assert_int_equal(error.status, BERG_ELIMIT);
    assert_null(json);
  }
}

static void test_what_is_spoiled_is_not_printed(void **state) {
  (void)state;
  char *json;
  cJSON *tree = build();
  assert_true(io_json_is_whole(tree));
  io_json_spoil(cJSON_GetObjectItem(tree, "copy"));
  assert_false(io_json_is_whole(tree));
  assert_int_equal(io_json_print(tree, &json, NULL), BERG_ELIMIT);
  cJSON *copy = io_json_copy(tree);
  assert_false(io_json_is_whole(copy));
  cJSON_Delete(copy);
  cJSON_Delete(tree);
  assert_int_equal(io_json_print(NULL, &json, NULL), BERG_ELIMIT);
  assert_false(io_json_is_whole(NULL));
}

static berg_status read_text(const char *text, size_t length) {
  cJSON *tree;
  berg_status status = io_json_parse(&tree, text, length, NULL);
  assert_int_equal(status == BERG_OK, tree != NULL);
  cJSON_Delete(tree);
  return status;
}

static const char *const good[] = {"{}",
                                   " [ ] ",
                                   "0",
                                   "-0.5e+10",
                                   "\"\"",
                                   "null",
                                   "[true, false,\n null]",
                                   "{\"a\":{\"b\":[1,{}]}}",
                                   "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"",
                                   "\"\xc3\xa9\"",
                                   "1e999",
                                   "[[[[[[1]]]]]]",
                                   "{\"\":1,\"\":2}",
                                   "123456789012345678901234567890123456789012345678901234567890123"};
static const char *const bad[] = {"",
                                  " ",
                                  "{",
                                  "}",
                                  "[1,]",
                                  "{\"a\"}",
                                  "{\"a\":}",
                                  "{a:1}",
                                  "{\"a\":1,}",
                                  "01",
                                  "1.",
                                  ".5",
                                  "+1",
                                  "1e",
                                  "nul",
                                  "truefalse",
                                  "1 2",
                                  "\"",
                                  "\"\\x\"",
                                  "\"\\u12\"",
                                  "\"\\u0000\"",
                                  "\"\\ud800\"",
                                  "\"\\udc00\"",
                                  "\"\\ud800\\u0041\"",
                                  "\"\n\"",
                                  "\"\xff\"",
                                  "[1}",
                                  "'a'",
                                  "\xef\xbb\xbf{}",
                                  "NaN",
                                  "1234567890123456789012345678901234567890123456789012345678901234"};

static void test_what_is_json(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    assert_int_equal(read_text(good[i], strlen(good[i])), BERG_OK);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(read_text(bad[i], strlen(bad[i])), BERG_EINPUT);
  assert_int_equal(read_text("1\0", 2), BERG_EINPUT);
}

static void test_nesting_has_an_end(void **state) {
  (void)state;
  char text[2000];
  memset(text, '[', 1000);
  memset(text + 1000, ']', 1000);
  assert_int_equal(read_text(text, sizeof text), BERG_EINPUT);
  assert_int_equal(read_text(text + 900, 200), BERG_OK);
}

/* Bytes of good texts exchanged at random: whatever passes the guard is valid to cJSON, so nothing is reported as lack
 * of memory. */
static void test_cjson_takes_what_the_guard_lets_pass(void **state) {
  (void)state;
  static const char bytes[] = "{}[]\",:\\u0dD8c123456789.eE+-ntfalse \n/";
  uint64_t random = 1;
  size_t passed = 0;
  for (int round = 0; round < 200000; round++) {
    char text[128];
    const char *from = good[round % (int)(sizeof good / sizeof *good)];
    size_t length = strlen(from);
    memcpy(text, from, length);
    for (int i = 0; i < 1 + round % 3 && length; i++) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      text[(random >> 33) % length] = bytes[(random >> 20) % (sizeof bytes - 1)];
    }
    berg_status status = read_text(text, length);
    assert_int_not_equal(status, BERG_ELIMIT);
    passed += !status;
  }
  assert_true(passed > 10000);
}

static void test_want_of_memory_is_no_bad_syntax(void **state) {
  (void)state;
  static const char text[] = "{\"a\": [1, \"b\", {\"c\": null}]}";
  for (size_t number = 1;; number++) {
    fail_at(number);
    berg_status status = read_text(text, strlen(text));
    if (taken < number) {
      assert_int_equal(status, BERG_OK);
      assert_true(number > 6);
      return;
    }
    assert_int_equal(status, BERG_ELIMIT);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_allocation_of_a_tree_may_fail),
      cmocka_unit_test(test_what_is_spoiled_is_not_printed),
      cmocka_unit_test(test_what_is_json),
      cmocka_unit_test(test_nesting_has_an_end),
      cmocka_unit_test(test_cjson_takes_what_the_guard_lets_pass),
      cmocka_unit_test(test_want_of_memory_is_no_bad_syntax),
  };
  return cmocka_run_group_tests(tests, watch, unwatch);
}
