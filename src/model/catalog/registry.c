/* The models known, by id. What a card says of a model is data (src/model/catalog/cards); this is the way to it. */
#include "model/catalog/registry.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/value/json_build.h"
#include "io/value/json_guard.h"
#include "model/catalog/cards.h"
#include "model/catalog/layout.h"

size_t berg_catalog_count(void) { return model_card_count; }

const char *berg_catalog_id(size_t index) { return index < model_card_count ? model_cards[index].id : NULL; }

static const model_card *find(const char *model_id) {
  for (size_t i = 0; model_id && i < model_card_count; i++)
    if (!strcmp(model_cards[i].id, model_id)) return &model_cards[i];
  return NULL;
}

const char *berg_catalog_card(const char *model_id) {
  const model_card *card = find(model_id);
  return card ? (const char *)card->json : NULL;
}

const model_layout *model_layout_of(const char *model_id) {
  const model_card *card = find(model_id);
  return card ? card->layout : NULL;
}

size_t model_layout_outputs(const model_layout *layout) {
  size_t count = 0;
  while (count < MODEL_OUTPUTS_MAX && layout->outputs[count].regression) count++;
  return count;
}

/* "a, b or c" */
static char *join(char *const *names, size_t count, berg_error *error) {
  char *text = base_copy_text(count ? names[0] : "", error);
  for (size_t i = 1; i < count && text; i++) {
    char *longer = base_format(error, "%s%s%s", text, i + 1 < count ? ", " : " or ", names[i]);
    base_free(text);
    text = longer;
  }
  return text;
}

berg_status model_check_id(const char *model_id, berg_error *error) {
  if (!model_id) return base_fail(error, BERG_EARGUMENT, "no model is named");
  if (find(model_id)) return BERG_OK;
  char *known[64];
  const size_t count = model_card_count < 64 ? model_card_count : 64;
  for (size_t i = 0; i < count; i++) known[i] = (char *)(uintptr_t)model_cards[i].id;
  char *text = join(known, count, error);
  if (!text) return BERG_ELIMIT;
  berg_status status = base_fail(error, BERG_ENOMODEL, "no model is called '%s': known are %s", model_id, text);
  base_free(text);
  return status;
}

/* Numbers of subjects are JSON numbers, names are texts. */
static char *subject_text(const cJSON *value, berg_error *error) {
  const char *text = cJSON_GetStringValue(value);
  return text ? base_copy_text(text, error) : base_format(error, "%d", value->valueint);
}

static berg_status take_subjects(const cJSON *list, char ***out, size_t *count, berg_error *error) {
  *count = (size_t)cJSON_GetArraySize(list);
  *out = base_calloc(*count, sizeof **out, error);
  const cJSON *value;
  size_t i = 0;
  bool all = *out != NULL;
  cJSON_ArrayForEach(value, list) all = all && ((*out)[i++] = subject_text(value, error));
  if (all) return BERG_OK;
  base_free_texts(*out, *count);
  *out = NULL;
  *count = 0;
  return BERG_ELIMIT;
}

berg_status model_subjects(const char *model_id, char ***subjects, size_t *count, berg_error *error) {
  const char *card = berg_catalog_card(model_id);
  cJSON *tree = NULL;
  *subjects = NULL;
  *count = 0;
  berg_status status = io_json_parse(&tree, card, strlen(card), error);
  const cJSON *parameters = cJSON_GetObjectItemCaseSensitive(tree, "parameters"),
              *subject = cJSON_GetObjectItemCaseSensitive(parameters, "subject");
  if (!status)
    status = take_subjects(cJSON_GetObjectItemCaseSensitive(subject, "valid_values"), subjects, count, error);
  cJSON_Delete(tree);
  return status;
}

berg_status model_check_subject(const char *model_id, const char *subject, berg_error *error) {
  char **known;
  size_t count, i = 0;
  berg_status status = model_subjects(model_id, &known, &count, error);
  if (status) return status;
  while (i < count && (!subject || strcmp(known[i], subject))) i++;
  char *text = i == count ? join(known, count, error) : NULL;
  if (text)
    status = base_fail(error, BERG_EPARAMETER, "subject %s is not known: expected %s", subject ? subject : "?", text);
  else if (i == count)
    status = BERG_ELIMIT;
  base_free(text);
  base_free_texts(known, count);
  return status;
}

void model_add_subject(cJSON *tree, const char *key, const char *subject) {
  char *end;
  const long number = strtol(subject, &end, 10);
  if (end != subject && !*end)
    io_json_add_number(tree, key, (double)number);
  else
    io_json_add_text(tree, key, subject);
}
