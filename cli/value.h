/* Elements of a berg_array, whatever its type and strides, as text and as JSON. */
#ifndef CLI_VALUE_H
#define CLI_VALUE_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "cli.h"

/* Elements of all dimensions; a scalar has 1. SIZE_MAX when the product does not fit. */
size_t cli_array_count(const berg_array *array);
/* Where element `index`, counted in C order, lies. */
const unsigned char *cli_element(const berg_array *array, size_t index);
bool cli_is_text(const berg_array *array);
bool cli_is_real(const berg_array *array);
/* BOOL and all whole-number types. */
bool cli_is_whole(const berg_array *array);

/* The element as a number; NaN for text. 64-bit integers beyond 2^53 lose digits: for statistics, not for
 * carrying. */
double cli_element_number(const berg_array *array, size_t index);
/* Prints the element exactly: the shortest decimal that reads back as the same value, text with control
 * characters replaced. */
void cli_element_print(FILE *stream, const berg_array *array, size_t index);
/* The element as UTF-8, the caller's (free); NULL when it is not text or memory is short. */
char *cli_element_text(const berg_array *array, size_t index);

/* "(211339, 3)" as NumPy says it; "()" for a scalar. */
char *cli_shape_text(const berg_array *array, char text[160]);

/* The array as JSON: a bare value for a scalar, nested lists by dimension, NaN and infinities as null. An
 * array of more than `most` elements becomes {"dtype": ..., "shape": [...]}. */
cJSON *cli_array_json(const berg_array *array, size_t most);

#endif
