/* The figures of a comparison, from the moments of its columns, and the verdict by the tolerances. */
#ifndef COMPARE_SUMMARY_H
#define COMPARE_SUMMARY_H

#include <cjson/cJSON.h>

#include "compare/moments.h"

/* Values over some columns; NaN where there are no values. */
typedef struct compare_spread {
  size_t count; /* of values that are not NaN */
  double least, median, mean, most;
  size_t least_column, most_column;
} compare_spread;

typedef struct compare_summary {
  size_t columns, values; /* inside */
  size_t equal, beyond;
  size_t nan_a, nan_b, nan_both, infinite, pairs;
  size_t unpaired_column; /* of the first unpaired value; SIZE_MAX: all are paired */
  double mean_absolute, rms;
  double largest;
  size_t largest_column;       /* SIZE_MAX: no pair differs */
  double correlation;          /* over all pairs */
  compare_spread correlations; /* of columns over rows */
  compare_spread relative_rms; /* rms of a column by the standard deviation of A in it */
  size_t undefined_unequal;    /* columns without a correlation whose values are not all equal */
} compare_summary;

/* Of the columns where `mask` is 1 (NULL: all), as far as they are inside. ELIMIT. */
berg_status compare_summary_make(compare_summary *summary, const compare_moments *moments, const uint8_t *mask,
                                 berg_error *error);

typedef enum compare_verdict { COMPARE_EQUAL, COMPARE_WITHIN, COMPARE_DIFFERENT } compare_verdict;
const char *compare_verdict_text(compare_verdict verdict);

/* Why two files differ. The verdict follows from the count, never from the list, which lack of memory may have
 * truncated. */
typedef struct compare_reasons {
  size_t count;
  char first[512];
  cJSON *list; /* of their texts; NULL: only the first is wanted */
} compare_reasons;

void compare_reason(compare_reasons *reasons, const char *text);

compare_verdict compare_judge(const compare_summary *summary, size_t rows, const berg_compare_options *options,
                              compare_reasons *reasons);

#endif
