/* cJSON's trees as text that the caller of the library may keep. */
#ifndef IO_JSON_PRINT_H
#define IO_JSON_PRINT_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/error.h"

/* ELIMIT also for a tree that is NULL or incomplete for lack of memory (json_build.h). base_free; berg_free for the
 * library's caller, so that cJSON's own allocator stays inside. */
berg_status io_json_print(const cJSON *tree, char **json, berg_error *error);
/* The same without a line break or space between values. */
berg_status io_json_print_close(const cJSON *tree, char **json, berg_error *error);

#endif
