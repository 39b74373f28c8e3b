/* Each id has a card, each card is JSON that names its id. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <cjson/cJSON.h>

#include "berg.h"

static void cards_are_json_of_their_id(void **state) {
  (void)state;
  assert_true(berg_catalog_count() >= 1);
  for (size_t i = 0; i < berg_catalog_count(); i++) {
    cJSON *card = cJSON_Parse(berg_catalog_card(berg_catalog_id(i)));
    assert_non_null(card);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(card, "model_id")), berg_catalog_id(i));
    cJSON_Delete(card);
  }
}

static void card_of_the_fmri_model(void **state) {
  (void)state;
  static const int voxels[] = {211339, 226950, 189164};
  cJSON *card = cJSON_Parse(berg_catalog_card("fmri-things_fmri_1-vit_b_32"));
  const cJSON *counts = cJSON_GetObjectItemCaseSensitive(card, "voxels");
  assert_int_equal(cJSON_GetArraySize(counts), 3);
  for (int i = 0; i < 3; i++) assert_int_equal(cJSON_GetArrayItem(counts, i)->valueint, voxels[i]);
  assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(card, "rois")), 29);
  cJSON_Delete(card);
}

static void unknown_models_have_none(void **state) {
  (void)state;
  assert_null(berg_catalog_id(berg_catalog_count()));
  assert_null(berg_catalog_card("fmri-things_fmri1-vit_b_32"));
  assert_null(berg_catalog_card(""));
  assert_null(berg_catalog_card(NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cards_are_json_of_their_id),
      cmocka_unit_test(card_of_the_fmri_model),
      cmocka_unit_test(unknown_models_have_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
