/* The language of selections as text: what is an expression, what is a functional, and where what is wrong is pointed
 * at. What they select is in tests/cli/test_cli_select.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/catalog/functional.h"

static void parses(const char *text) {
  model_expression *expression;
  berg_error error = {0};
  if (model_expression_parse(&expression, text, &error)) fail_msg("%s: %s", text, error.message);
  assert_string_equal(model_expression_text(expression), text);
  model_expression_free(expression);
}

static void refused(const char *text, const char *message) {
  model_expression *expression;
  berg_error error = {0};
  assert_int_equal(model_expression_parse(&expression, text, &error), BERG_EPARAMETER);
  assert_null(expression);
  assert_string_equal(error.message, message);
  assert_string_equal(error.item, text);
}

static void test_expressions(void **state) {
  (void)state;
  parses("V1");
  parses(" V1+V2 -lFFA\n&\tceiling>20 ");
  parses("FFA-1 - FFA-2");
  parses("!(!V1 + !!V2) & (all - \"odd \"\"name\"\"\")");
  parses("0.1 < time <= 200ms & -1e-2 >= accuracy & coords x < 40 & 3 < coords z < 4 & size != -.5e+1");
  parses("/data/a-b/mask.nii.gz + ./m.nii + \"my mask.nii\"");
  parses("temps-d\xc3\xa9 + 2nd & \"time\"");
}

static void test_what_is_wrong_is_pointed_at(void **state) {
  (void)state;
  refused("", "selection: character 1: expected a set, such as a region or all, found the end");
  refused("V1 V2", "selection: character 4: expected +, -, & or the end, found V2");
  refused("V1 & & V2", "selection: character 6: expected a set, such as a region or all, found &");
  refused("V1 +", "selection: character 5: expected a set, such as a region or all, found the end");
  refused("(V1 + (V2)", "selection: character 1: no ) closes this (");
  refused("V1)", "selection: character 3: no ( opens this )");
  refused("(V1 V2)", "selection: character 5: expected +, -, & or ), found V2");
  refused("V1 | V2", "selection: character 4: expected + for a union, found |");
  refused("\"V1", "selection: character 1: a \" that no other one closes, or with nothing between");
  refused("V1 + \"\"", "selection: character 6: a \" that no other one closes, or with nothing between");
  refused("r2 = 3", "selection: character 4: expected ==, found =");
  refused("r2 > V1", "selection: character 6: expected a number, found V1");
  refused("r2 > 1 > 0", "selection: character 8: expected +, -, & or the end, found >");
  refused("0.1 < 0.2", "selection: character 7: expected a quantity, such as ceiling, found 0.2");
  refused("3", "selection: character 2: expected < > <= >= == or !=, found the end");
  refused("r2 < 2ms", "selection: character 6: only time is compared with ms");
  refused("2s < r2", "selection: character 1: only time is compared with s");
  refused("coords w < 1", "selection: character 8: expected x, y or z, found w");
  refused("V1 * 2", "selection: character 4: expected +, -, & or the end, found *");
  refused("V1 # V2", "selection: character 4: # belongs to no name without quotes (\"...\")");
  refused("\xc3\xa9\xc3\xa9 V2", "selection: character 4: expected +, -, & or the end, found V2");
}

/* Characters are counted, and a word is not cut within one. */
static void test_long_words_are_cut_between_characters(void **state) {
  (void)state;
  char text[128] = "V1 a", message[256] = "selection: character 4: expected +, -, & or the end, found a";
  for (size_t i = 0; i < 30; i++) strcat(text, "\xc3\xa9");
  for (size_t i = 0; i < 19; i++) strcat(message, "\xc3\xa9");
  refused(text, message);
}

static void test_depth_and_length_have_limits(void **state) {
  (void)state;
  char text[5000];
  model_expression *expression;
  berg_error error;
  snprintf(text, sizeof text, "%.*sV1", 64, "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!");
  parses(text);
  memmove(text + 1, text, strlen(text) + 1);
  refused(text, "selection: character 65: more than 64 levels of ( and !");
  memset(text, '(', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  assert_int_equal(model_expression_parse(&expression, text, &error), BERG_EPARAMETER);
  assert_string_equal(error.message, "selection: character 4097: longer than 4096 bytes");
  text[4096] = '\0';
  assert_int_equal(model_expression_parse(&expression, text, &error), BERG_EPARAMETER);
  assert_string_equal(error.message, "selection: character 65: more than 64 levels of ( and !");
}

static void test_masks_are_told(void **state) {
  (void)state;
  model_expression *expression;
  assert_int_equal(model_expression_parse(&expression, "a.nii & !(V1 + \"b c.nii.gz\") & d.nii2", NULL), BERG_OK);
  assert_string_equal(model_expression_mask(expression, 0), "a.nii");
  assert_string_equal(model_expression_mask(expression, 1), "b c.nii.gz");
  assert_null(model_expression_mask(expression, 2));
  model_expression_free(expression);
}

/* --- Functionals --- */

typedef struct expected_term {
  double weight;
  model_term_kind kind;
} expected_term;

static void comes_to(const char *text, const expected_term *terms, size_t count) {
  model_functional functional;
  berg_error error = {0};
  if (model_functional_parse(&functional, text, &error)) fail_msg("%s: %s", text, error.message);
  assert_string_equal(functional.text, text);
  assert_int_equal(functional.count, count);
  for (size_t i = 0; i < count; i++) {
    assert_true(functional.terms[i].weight == terms[i].weight);
    assert_int_equal(functional.terms[i].kind, terms[i].kind);
  }
  model_functional_free(&functional);
}

static void refused_functional(const char *text, const char *message) {
  model_functional functional;
  berg_error error = {0};
  assert_int_equal(model_functional_parse(&functional, text, &error), BERG_EPARAMETER);
  assert_string_equal(error.message, message);
  assert_null(functional.terms);
}

#define COMES_TO(text, ...) \
  comes_to(text, (expected_term[]){__VA_ARGS__}, sizeof((expected_term[]){__VA_ARGS__}) / sizeof(expected_term))

static void test_functionals(void **state) {
  (void)state;
  COMES_TO("V1", {1, MODEL_TERM_MEAN});
  COMES_TO("(V1 + V2) & ceiling > 20", {1, MODEL_TERM_MEAN});
  COMES_TO("mean(lFFA + rFFA) - 0.5 * mean(lPPA + rPPA)", {1, MODEL_TERM_MEAN}, {-0.5, MODEL_TERM_MEAN});
  COMES_TO("-sum(V1)/4+mean(V2)*3/2", {-0.25, MODEL_TERM_SUM}, {1.5, MODEL_TERM_MEAN});
  COMES_TO("-(mean(a) - (mean(b) - 2 * mean(c))) / 2", {-0.5, MODEL_TERM_MEAN}, {0.5, MODEL_TERM_MEAN},
           {-1, MODEL_TERM_MEAN});
  COMES_TO("(1 + 2) * 3 * mean(a & 0.1 < time < 0.2) * -(4 - 2)", {-18, MODEL_TERM_MEAN});
  COMES_TO("mean(mean)", {1, MODEL_TERM_MEAN});
}

static void test_a_functional_has_its_sets(void **state) {
  (void)state;
  model_functional functional;
  assert_int_equal(model_functional_parse(&functional, "mean(a.nii) - mean(b.nii + c.nii)", NULL), BERG_OK);
  assert_string_equal(model_expression_mask(functional.terms[0].set, 0), "a.nii");
  assert_null(model_expression_mask(functional.terms[0].set, 1));
  assert_string_equal(model_expression_mask(functional.terms[1].set, 1), "c.nii");
  model_functional_free(&functional);
}

static void test_wrong_functionals(void **state) {
  (void)state;
  refused_functional("lFFA - lPPA", "functional: character 6: a mean of sets joined, mean(a + b), or a sum of means, "
                                    "mean(a) + mean(b)? Write which");
  refused_functional("mean(V1) - V2", "functional: character 12: expected mean(...), sum(...) or a number, found V2");
  refused_functional("mean(V1) + 3", "functional: character 12: a number is added to no mean or sum: numbers multiply "
                                     "and divide");
  refused_functional("mean(V1) * mean(V2)", "functional: character 12: a mean or sum is multiplied by numbers alone");
  refused_functional("2 / mean(V1)", "functional: character 5: only a number other than 0 divides");
  refused_functional("mean(V1) / 0", "functional: character 12: only a number other than 0 divides");
  refused_functional("mean(V1", "functional: character 5: no ) closes this (");
  refused_functional("(mean(V1)", "functional: character 1: no ) closes this (");
  refused_functional("mean(V1))", "functional: character 9: no ( opens this )");
  refused_functional("mean(V1 V2)", "functional: character 9: expected an operator or ), found V2");
  refused_functional("mean() - sum(V1)", "functional: character 6: expected a set, such as a region or all, found )");
  refused_functional("1e308 * 10 * mean(V1)", "functional: character 1: a weight is not finite");
  refused_functional("mean(V1) mean(V2)", "functional: character 10: expected +, -, *, / or the end, found mean");
  refused_functional("2s * mean(V1)", "functional: character 1: expected mean(...), sum(...) or a number, found 2s");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_expressions),
                                     cmocka_unit_test(test_what_is_wrong_is_pointed_at),
                                     cmocka_unit_test(test_long_words_are_cut_between_characters),
                                     cmocka_unit_test(test_depth_and_length_have_limits),
                                     cmocka_unit_test(test_masks_are_told),
                                     cmocka_unit_test(test_functionals),
                                     cmocka_unit_test(test_a_functional_has_its_sets),
                                     cmocka_unit_test(test_wrong_functionals)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
