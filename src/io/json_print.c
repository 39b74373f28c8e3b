#include "io/json_print.h"

#include "base/memory.h"

berg_status io_json_print(cJSON *tree, char **json, berg_error *error) {
  char *text = cJSON_Print(tree);
  *json = text ? base_copy_text(text, error) : NULL;
  cJSON_free(text);
  cJSON_Delete(tree);
  if (*json) return BERG_OK;
  return text ? BERG_ELIMIT : base_fail(error, BERG_ELIMIT, "no memory for a text of JSON");
}
