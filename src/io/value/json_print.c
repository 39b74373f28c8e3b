/* Printing cJSON's trees. */
#include "io/value/json_print.h"

#include <stdbool.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/value/json_build.h"

/* cJSON prints with the host's decimal point and then looks for it, one byte long. */
static berg_status print(const cJSON *tree, bool close, char **json, berg_error *error) {
  const locale_t before = base_locale_plain();
  char *text = NULL;
  if (io_json_is_whole(tree)) text = close ? cJSON_PrintUnformatted(tree) : cJSON_Print(tree);
  base_locale_back(before);
  *json = text ? base_copy_text(text, error) : NULL;
  cJSON_free(text);
  if (*json) return BERG_OK;
  return text ? BERG_ELIMIT : base_fail(error, BERG_ELIMIT, "out of memory for a text of JSON");
}

berg_status io_json_print(const cJSON *tree, char **json, berg_error *error) { return print(tree, false, json, error); }

berg_status io_json_print_close(const cJSON *tree, char **json, berg_error *error) {
  return print(tree, true, json, error);
}
