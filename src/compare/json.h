/* A comparison as JSON (docs/compare.md says what the keys mean). */
#ifndef COMPARE_JSON_H
#define COMPARE_JSON_H

#include "compare/summary.h"

/* What the file and the array are: path, dataset, format, dtype, shape. */
void compare_json_side(cJSON *to, const char *key, const compare_rows *rows);
void compare_json_shape(cJSON *to, const char *key, const berg_array *array);

/* NaN and infinities as null. */
void compare_json_number(cJSON *to, const char *key, double value);

/* All figures. `a` and `b` name rows and columns. */
void compare_json_figures(cJSON *to, const compare_moments *moments, const compare_summary *summary,
                          const compare_rows *a, const compare_rows *b);

#endif
