/* Two containers, array by array. */
#ifndef COMPARE_ENTRIES_H
#define COMPARE_ENTRIES_H

#include "compare/json.h"

/* Adds "entries", a list, to `to`, and reasons to `reasons`. */
berg_status compare_json_entries(cJSON *to, const berg_file *a, const berg_file *b, const berg_compare_options *options,
                                 const compare_limits *limits, const berg_run *run, compare_reasons *reasons,
                                 compare_verdict *verdict, berg_error *error);

#endif
