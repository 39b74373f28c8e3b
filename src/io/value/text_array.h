/* Elements of text arrays, STRING or UNICODE, as UTF-8. */
#ifndef IO_TEXT_ARRAY_H
#define IO_TEXT_ARRAY_H

#include <cjson/cJSON.h>

#include "io/value/value.h"

/* Number of elements; the shape was checked when the array was made. */
size_t io_text_count(const berg_array *array);
/* Address of element `index` in C order, of any array. */
const uint8_t *io_element_at(const berg_array *array, size_t index);
/* Element `index`, in C order, as a new string (base_free). UNICODE ends at its trailing zeros; invalid code points
 * make EINPUT. NULL on failure. */
char *io_text_at(const berg_array *array, size_t index, berg_error *error);
/* UTF-8 (valid) to `width` code points, the rest zero; false where it has more. */
bool io_text_to_ucs4(uint8_t *out, size_t width, const char *text);
/* An array of the type and shape of `about` holding the strings of a JSON list; NULL: their number or width
 * does not fit. */
berg_array *io_text_from_json(io_arena *arena, const berg_array *about, const cJSON *list, berg_error *error);

#endif
