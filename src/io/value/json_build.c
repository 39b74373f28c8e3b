/* Building cJSON trees that remember when an item is missing for lack of memory. */
#include "io/value/json_build.h"

#include <string.h>

#include "base/memory.h"
#include "io/value/value.h"

/* Beside cJSON's own bits of `type`, which are below 1024; cJSON preserves it, and reads only its own. */
#define SPOILED (1 << 20)

cJSON *io_json_object(void) { return cJSON_CreateObject(); }

cJSON *io_json_list(void) { return cJSON_CreateArray(); }

cJSON *io_json_text(const char *text) { return cJSON_CreateString(text); }

cJSON *io_json_text_from(const char *text) {
  const size_t length = strlen(text);
  if (io_utf8_valid(text, length, false)) return io_json_text(text);
  char *copy = base_copy_text(text, NULL);
  for (size_t i = 0; copy && i < length; i++)
    if ((unsigned char)copy[i] >= 0x80) copy[i] = '?';
  cJSON *string = io_json_text(copy);
  base_free(copy);
  return string;
}

void io_json_spoil(cJSON *node) {
  if (node) node->type |= SPOILED;
}

bool io_json_is_whole(const cJSON *tree) {
  if (!tree || tree->type & SPOILED) return false;
  for (const cJSON *child = tree->child; child; child = child->next)
    if (!io_json_is_whole(child)) return false;
  return true;
}

cJSON *io_json_copy(const cJSON *tree) { return tree ? cJSON_Duplicate(tree, 1) : NULL; }

/* The item, unless it could not be added. */
static cJSON *add(cJSON *to, const char *key, cJSON *item) {
  if (item && (key ? cJSON_AddItemToObject(to, key, item) : cJSON_AddItemToArray(to, item))) return item;
  cJSON_Delete(item);
  io_json_spoil(to);
  return NULL;
}

void io_json_add(cJSON *to, const char *key, cJSON *item) { add(to, key, item); }

cJSON *io_json_add_object(cJSON *to, const char *key) { return add(to, key, cJSON_CreateObject()); }

cJSON *io_json_add_list(cJSON *to, const char *key) { return add(to, key, cJSON_CreateArray()); }

void io_json_add_text(cJSON *to, const char *key, const char *text) { io_json_add(to, key, cJSON_CreateString(text)); }

void io_json_add_number(cJSON *to, const char *key, double number) { io_json_add(to, key, cJSON_CreateNumber(number)); }

void io_json_add_bool(cJSON *to, const char *key, bool truth) { io_json_add(to, key, cJSON_CreateBool(truth)); }

void io_json_add_null(cJSON *to, const char *key) { io_json_add(to, key, cJSON_CreateNull()); }

void io_json_add_raw(cJSON *to, const char *key, const char *json) { io_json_add(to, key, cJSON_CreateRaw(json)); }

void io_json_add_numbers(cJSON *to, const char *key, const double *numbers, size_t count) {
  cJSON *list = io_json_add_list(to, key);
  for (size_t i = 0; i < count; i++) io_json_add_number(list, NULL, numbers[i]);
}
