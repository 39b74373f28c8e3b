/* JSON from a file, into cJSON's tree, after checks that cJSON does not make. */
#ifndef IO_JSON_GUARD_H
#define IO_JSON_GUARD_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

/* NULL where the text is no JSON, not UTF-8, nested deeper than 64 + a few, holds zero bytes (also escaped
 * ones, which would end a name early), has more than 4 M parts, or has something behind the value.
 * cJSON_Delete. */
cJSON *io_json_parse(const char *text, size_t length);
/* A whole number from 0 to 2^53, up to where doubles are exact. */
bool io_json_size(const cJSON *number, uint64_t *size);

#endif
