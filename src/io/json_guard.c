#include "io/json_guard.h"

#include <string.h>

#include "base/text.h"
#include "io/value.h"

/* One level of a structure (structure.h) is two of JSON. */
#define MAX_NESTING (3 * IO_MAX_DEPTH)

static bool is_harmless(const char *text, size_t length) {
  size_t parts = 0, nesting = 0;
  bool quoted = false;
  if (!io_utf8_valid(text, length, false)) return false;
  for (size_t i = 0; i < length; i++) {
    if (quoted) {
      if (text[i] == '\\') {
        if (length - i > 5 && !memcmp(text + i, "\\u0000", 6)) return false;
        i++;
      } else if (text[i] == '"') {
        quoted = false;
      }
    } else if (text[i] == '"') {
      quoted = true;
    } else if (text[i] == '{' || text[i] == '[') {
      if (++nesting > MAX_NESTING || ++parts > IO_MAX_VALUES) return false;
    } else if (text[i] == '}' || text[i] == ']') {
      if (!nesting--) return false;
    } else if (text[i] == ',' && ++parts > IO_MAX_VALUES) {
      return false;
    }
  }
  return !quoted && !nesting;
}

cJSON *io_json_parse(const char *text, size_t length) {
  if (!is_harmless(text, length)) return NULL;
  const char *end = NULL;
  const locale_t before = base_locale_plain();
  cJSON *json = cJSON_ParseWithLengthOpts(text, length, &end, 0);
  base_locale_back(before);
  while (json && end < text + length && strchr(" \t\r\n", *end)) end++;
  if (json && end < text + length) {
    cJSON_Delete(json);
    json = NULL;
  }
  return json;
}

bool io_json_size(const cJSON *number, uint64_t *size) {
  if (!cJSON_IsNumber(number) || !(number->valuedouble >= 0 && number->valuedouble <= 9007199254740992.0)) return false;
  *size = (uint64_t)number->valuedouble;
  return (double)*size == number->valuedouble;
}
