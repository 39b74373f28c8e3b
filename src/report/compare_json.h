/* A comparison as JSON (docs/compare.md says what the keys mean). */
#ifndef REPORT_COMPARE_JSON_H
#define REPORT_COMPARE_JSON_H

#include "report/compare_summary.h"

/* What the file and the array are: path, dataset, format, dtype, shape. */
void report_json_side(cJSON *to, const char *key, const report_rows *rows);
void report_json_shape(cJSON *to, const char *key, const berg_array *array);

/* NaN and infinities as null. */
void report_json_number(cJSON *to, const char *key, double value);

/* All figures. `a` and `b` name rows and columns. */
void report_json_figures(cJSON *to, const report_moments *moments, const report_summary *summary, const report_rows *a,
                         const report_rows *b);

#endif
