/* Counting values in bins. */
#include "report/bins.h"

#include <math.h>

/* Rounded where the width is a round number, so that the edge of 3 x 0.1 is 0.3. */
double report_bin_edge(const report_bins *bins, size_t index) {
  return round((bins->low + (double)index * bins->width) * 1e9) / 1e9;
}

size_t report_bin_of(const report_bins *bins, double number) {
  if (!(number >= report_bin_edge(bins, 0)) || !(number <= report_bin_edge(bins, bins->count))) return REPORT_NO_BIN;
  size_t index = (size_t)fmax(0, (number - bins->low) / bins->width);
  if (index >= bins->count) index = bins->count - 1;
  /* division rounds: the edges decide */
  while (index && number < report_bin_edge(bins, index)) index--;
  while (index + 1 < bins->count && number >= report_bin_edge(bins, index + 1)) index++;
  return index;
}

report_bins report_bins_over(double low, double high, double width, size_t most) {
  double first = floor(low / width + 1e-9), last = ceil(high / width - 1e-9);
  if (!(last > first)) last = first + 1;
  return (report_bins){first * width, width, last - first < (double)most ? (size_t)(last - first) : most};
}
