#include "io/json_print.h"

#include "base/memory.h"
#include "base/text.h"

/* cJSON prints with the host's decimal point and then looks for it, one byte long. */
char *io_json_text(const cJSON *tree, bool indented) {
  const locale_t before = base_locale_plain();
  char *text = indented ? cJSON_Print(tree) : cJSON_PrintUnformatted(tree);
  base_locale_back(before);
  return text;
}

berg_status io_json_print(cJSON *tree, char **json, berg_error *error) {
  char *text = io_json_text(tree, true);
  *json = text ? base_copy_text(text, error) : NULL;
  cJSON_free(text);
  cJSON_Delete(tree);
  if (*json) return BERG_OK;
  return text ? BERG_ELIMIT : base_fail(error, BERG_ELIMIT, "no memory for a text of JSON");
}
