/* Two containers, array by array. */
#ifndef REPORT_COMPARE_ENTRIES_H
#define REPORT_COMPARE_ENTRIES_H

#include "report/compare_json.h"

/* Adds "entries", a list, to `to`, and reasons to `reasons`. */
berg_status report_json_entries(cJSON *to, const berg_file *a, const berg_file *b, const berg_compare_options *options,
                                const report_limits *limits, const berg_run *run, report_reasons *reasons,
                                report_verdict *verdict, berg_error *error);

#endif
