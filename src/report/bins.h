/* Counting numbers into bins of equal width, as NumPy's histogram: [edge, next edge), the last one closed. */
#ifndef REPORT_BINS_H
#define REPORT_BINS_H

#include <stddef.h>
#include <stdint.h>

typedef struct report_bins {
  double low, width;
  size_t count;
} report_bins;

#define REPORT_NO_BIN SIZE_MAX

double report_bin_edge(const report_bins *bins, size_t index);
/* REPORT_NO_BIN: outside, or NaN. */
size_t report_bin_of(const report_bins *bins, double number);
/* Bins of `width` from a multiple of `width` that hold all numbers from low to high, at most `most`. */
report_bins report_bins_over(double low, double high, double width, size_t most);

#endif
