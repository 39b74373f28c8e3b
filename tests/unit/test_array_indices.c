/* Numbers of tasks as job arrays take them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "io/value/array_indices.h"
#include "io/value/json_build.h"

static void check(const char *states, const char *expected, int count) {
  uint8_t values[1024];
  const size_t length = strlen(states);
  for (size_t i = 0; i < length; i++) values[i] = (uint8_t)(states[i] - '0');
  cJSON *tree = io_json_object(), *list = io_json_add_list(tree, "numbers");
  char *text = io_array_indices(values, length, 2, list, NULL);
  assert_string_equal(text, expected);
  assert_int_equal(cJSON_GetArraySize(list), count);
  base_free(text);
  cJSON_Delete(tree);
}

static void ranges(void **state) {
  (void)state;
  check("", "", 0);
  check("0101", "", 0);
  check("2", "1", 1);
  check("00202", "3,5", 2);
  check("0220", "2,3", 2);
  check("22202221", "1-3,5-7", 6);
  check("2012212222", "1,4,5,7-10", 7);
}

/* Every other one of a thousand: the text grows. */
static void many(void **state) {
  (void)state;
  uint8_t states[1001];
  for (size_t i = 0; i < 1001; i++) states[i] = i % 2 == 0;
  char *text = io_array_indices(states, 1001, 1, NULL, NULL);
  assert_non_null(strstr(text, "1,3,5,"));
  assert_string_equal(text + strlen(text) - 9, ",999,1001");
  base_free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(ranges), cmocka_unit_test(many)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
