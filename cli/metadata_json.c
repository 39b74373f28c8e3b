/* All of a subject's metadata as one JSON object. */
#include <string.h>

#include "entries.h"
#include "metadata.h"
#include "outline.h"
#include "value.h"

#define SMALL_JSON 1000

/* "a.b.c": the object that c belongs in, made on the way. */
static cJSON *parent_of(cJSON *root, const char *name, const char **last) {
  const char *dot;
  while ((dot = strchr(name, '.'))) {
    char part[256];
    size_t length = (size_t)(dot - name);
    if (length >= sizeof part) break;
    memcpy(part, name, length);
    part[length] = '\0';
    cJSON *child = cJSON_GetObjectItemCaseSensitive(root, part);
    if (child && !cJSON_IsObject(child)) break;
    root = child ? child : cJSON_AddObjectToObject(root, part);
    name = dot + 1;
  }
  *last = name;
  return root;
}

int cli_metadata_json(const berg_metadata *metadata) {
  const cli_entries entries = cli_entries_of_metadata(metadata);
  cJSON *root = cJSON_CreateObject();
  for (size_t i = 0, taken; i < entries.count; i += taken) {
    cli_entry entry;
    if (cli_entry_at(&entries, i, &entry)) {
      const char *last;
      cJSON *parent = parent_of(root, entry.array.name ? entry.array.name : "", &last);
      cJSON_AddItemToObject(parent, last, cli_array_json(&entry.array, SMALL_JSON));
    }
    taken = entry.taken;
    cli_entry_free(&entry);
  }
  int status = cli_print_json(root);
  cJSON_Delete(root);
  return status;
}
