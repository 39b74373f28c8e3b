/* The figures of a comparison, from the moments of its columns, and what the tolerances say to them. */
#ifndef REPORT_COMPARE_SUMMARY_H
#define REPORT_COMPARE_SUMMARY_H

#include <cjson/cJSON.h>

#include "report/compare_moments.h"

/* Values over some columns; NaN where there is nothing to take them from. */
typedef struct report_spread {
  size_t count; /* of values that are not NaN */
  double least, median, mean, most;
  size_t least_column, most_column;
} report_spread;

typedef struct report_summary {
  size_t columns, values; /* inside */
  size_t equal, beyond;
  size_t nan_a, nan_b, nan_both, infinite, pairs;
  size_t unpaired_column; /* of the first unpaired value of all; SIZE_MAX: there is none */
  double mean_absolute, rms;
  double largest;
  size_t largest_column;      /* SIZE_MAX: no pair differs */
  double correlation;         /* over all pairs */
  report_spread correlations; /* of columns over rows */
  report_spread relative_rms; /* rms of a column by the standard deviation of A in it */
  size_t undefined_unequal;   /* columns without a correlation whose values are not all equal */
} report_summary;

/* Of the columns where `mask` is 1 (NULL: all), as far as they are inside. ELIMIT. */
berg_status report_summary_make(report_summary *summary, const report_moments *moments, const uint8_t *mask,
                                berg_error *error);

typedef enum report_verdict { REPORT_EQUAL, REPORT_WITHIN, REPORT_DIFFERENT } report_verdict;
const char *report_verdict_text(report_verdict verdict);

/* Why two files differ. The verdict is taken from the count, never from a list that memory may have cut short. */
typedef struct report_reasons {
  size_t count;
  char first[512];
  cJSON *list; /* of their texts; NULL: only the first is wanted */
} report_reasons;

void report_reason(report_reasons *reasons, const char *text);

report_verdict report_judge(const report_summary *summary, size_t rows, const berg_compare_options *options,
                            report_reasons *reasons);

#endif
