/* JSON from a file, into cJSON's tree, after checks that cJSON does not make. */
#ifndef IO_JSON_GUARD_H
#define IO_JSON_GUARD_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* EINPUT, with nothing in `error`, where the text is not JSON (RFC 8259), not UTF-8, nested deeper than 192, holds zero
 * bytes (also escaped ones, which would end a name early), has more than 4 M parts or a number of more than 63
 * characters; cJSON accepts all else. So ELIMIT always means lack of memory. cJSON_Delete. */
berg_status io_json_parse(cJSON **tree, const char *text, size_t length, berg_error *error);
/* A whole number from 0 to 2^53, up to where doubles are exact. */
bool io_json_size(const cJSON *number, uint64_t *size);

#endif
