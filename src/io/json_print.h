/* cJSON's trees as text that the caller of the library may keep. */
#ifndef IO_JSON_PRINT_H
#define IO_JSON_PRINT_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/error.h"

/* On lines of their own with indents, or on one line; numbers with a point under every locale. cJSON_free; NULL: no memory. */
char *io_json_text(const cJSON *tree, bool indented);

/* Takes the tree; the text is released with berg_free, so that cJSON's own allocator stays inside. ELIMIT. */
berg_status io_json_print(cJSON *tree, char **json, berg_error *error);

#endif
