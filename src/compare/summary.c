/* From moments to a summary and a verdict. */
#include "compare/summary.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/value/json_build.h"

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void take(compare_spread *spread, double *values, double value, size_t column) {
  if (isnan(value)) return;
  if (!spread->count || value < spread->least) {
    spread->least = value;
    spread->least_column = column;
  }
  if (!spread->count || value > spread->most) {
    spread->most = value;
    spread->most_column = column;
  }
  values[spread->count++] = value;
}

static void finish(compare_spread *spread, double *values) {
  double sum = 0;
  for (size_t i = 0; i < spread->count; i++) sum += values[i];
  qsort(values, spread->count, sizeof *values, by_value);
  if (!spread->count) {
    spread->least = spread->median = spread->mean = spread->most = NAN;
    return;
  }
  spread->mean = sum / (double)spread->count;
  spread->median = (values[(spread->count - 1) / 2] + values[spread->count / 2]) / 2;
}

static bool is_in(const compare_moments *moments, const uint8_t *mask, size_t column) {
  return moments->inside[column] && (!mask || mask[column]);
}

/* r over all pairs: moments of the columns, moved to the means of everything. */
static double correlate_all(const compare_moments *moments, const uint8_t *mask, size_t pairs, bool is_same) {
  double mean_a = 0, mean_b = 0, aa = 0, bb = 0, ab = 0;
  const compare_column *first = NULL;
  for (size_t c = 0; c < moments->columns; c++) {
    const compare_column *column = &moments->column[c];
    if (!is_in(moments, mask, c) || !column->pairs) continue;
    if (!first) first = column;
    mean_a += (double)column->pairs * (column->first_a - first->first_a + column->mean_a);
    mean_b += (double)column->pairs * (column->first_b - first->first_b + column->mean_b);
  }
  for (size_t c = 0; c < moments->columns; c++) {
    const compare_column *column = &moments->column[c];
    if (!is_in(moments, mask, c) || !column->pairs) continue;
    double n = (double)column->pairs;
    double x = column->first_a - first->first_a + column->mean_a - mean_a / (double)pairs;
    double y = column->first_b - first->first_b + column->mean_b - mean_b / (double)pairs;
    aa += column->aa + n * x * x;
    bb += column->bb + n * y * y;
    ab += column->ab + n * x * y;
  }
  if (is_same && aa > 0) return 1;
  double r = ab / (sqrt(aa) * sqrt(bb));
  return r > 1 ? 1 : r < -1 ? -1 : r;
}

static void add_column(compare_summary *summary, const compare_moments *moments, size_t c) {
  const compare_column *column = &moments->column[c];
  summary->columns++;
  summary->values += moments->rows;
  summary->equal += column->equal;
  summary->beyond += column->beyond;
  summary->nan_a += column->nan_a;
  summary->nan_b += column->nan_b;
  summary->nan_both += column->nan_both;
  summary->infinite += column->infinite;
  summary->pairs += column->pairs;
  summary->mean_absolute += column->absolute;
  summary->rms += column->squares;
  if (column->largest > summary->largest) {
    summary->largest = column->largest;
    summary->largest_column = c;
  }
  if (column->unpaired_row != SIZE_MAX &&
      (summary->unpaired_column == SIZE_MAX ||
       column->unpaired_row < moments->column[summary->unpaired_column].unpaired_row))
    summary->unpaired_column = c;
}

berg_status compare_summary_make(compare_summary *summary, const compare_moments *moments, const uint8_t *mask,
                                 berg_error *error) {
  *summary = (compare_summary){.unpaired_column = SIZE_MAX, .largest_column = SIZE_MAX};
  double *values = base_alloc(moments->columns, 2 * sizeof *values, error);
  if (!values) return BERG_ELIMIT;
  for (size_t c = 0; c < moments->columns; c++) {
    const compare_column *column = &moments->column[c];
    if (!is_in(moments, mask, c)) continue;
    double r = compare_column_correlation(column), spread = compare_column_spread(column);
    add_column(summary, moments, c);
    take(&summary->correlations, values, r, c);
    take(&summary->relative_rms, values + moments->columns, spread > 0 ? compare_column_rms(column) / spread : NAN, c);
    summary->undefined_unequal += isnan(r) && column->equal < moments->rows;
  }
  finish(&summary->correlations, values);
  finish(&summary->relative_rms, values + moments->columns);
  base_free(values);
  const double n = (double)summary->pairs;
  summary->mean_absolute = summary->mean_absolute / n;
  summary->rms = sqrt(summary->rms / n);
  summary->correlation = correlate_all(moments, mask, summary->pairs, summary->largest == 0);
  return BERG_OK;
}

const char *compare_verdict_text(compare_verdict verdict) {
  static const char *const texts[] = {"equal", "within tolerances", "different"};
  return texts[verdict];
}

void compare_reason(compare_reasons *reasons, const char *text) {
  if (!reasons->count++) base_print(reasons->first, sizeof reasons->first, "%s", text);
  io_json_add_text(reasons->list, NULL, text);
}

/* At least `r` is required; NaN never suffices. */
static bool falls_short(double r, double wanted) { return !isnan(wanted) && !(r >= wanted); }

static void judge_columns(const compare_summary *summary, size_t rows, double wanted, compare_reasons *reasons) {
  const double least = rows > 1 ? summary->correlations.least : summary->correlation;
  char text[160];
  if (isnan(wanted)) return;
  if ((rows == 1 || summary->correlations.count) && falls_short(least, wanted)) {
    base_print(text, sizeof text, "a column with a correlation of %.6g: expected at least %.6g", least, wanted);
    compare_reason(reasons, text);
  }
  if (rows > 1 && summary->undefined_unequal) {
    base_print(text, sizeof text, "%zu columns differ and have no correlation, because they do not vary",
               summary->undefined_unequal);
    compare_reason(reasons, text);
  }
}

compare_verdict compare_judge(const compare_summary *summary, size_t rows, const berg_compare_options *options,
                              compare_reasons *reasons) {
  if (summary->equal == summary->values) return COMPARE_EQUAL;
  const double least = options->min_correlation;
  const bool asks_values =
      !isnan(options->atol) || !isnan(options->rtol) || (isnan(least) && isnan(options->min_voxel_correlation));
  const size_t unpaired = summary->nan_a + summary->nan_b + summary->infinite;
  const size_t before = reasons->count;
  /* A single row has no correlations over rows: the one across its values is checked instead. */
  const double mean = rows > 1 ? summary->correlations.mean : summary->correlation;
  char text[160];
  if (unpaired) {
    base_print(text, sizeof text, "%zu of %zu values are NaN or infinite in one and not the same in the other",
               unpaired, summary->values);
    compare_reason(reasons, text);
  }
  const double atol = isnan(options->atol) ? 0 : options->atol, rtol = isnan(options->rtol) ? 0 : options->rtol;
  if (asks_values && summary->beyond > unpaired) {
    char tolerance[80] = "";
    if (atol > 0 || rtol > 0) base_print(tolerance, sizeof tolerance, " by more than %.6g + %.6g |B|", atol, rtol);
    base_print(text, sizeof text, "%zu of %zu values differ%s", summary->beyond - unpaired, summary->values, tolerance);
    compare_reason(reasons, text);
  }
  if (falls_short(mean, least)) {
    base_print(text, sizeof text, "a mean correlation of %.6g: expected at least %.6g", mean, least);
    compare_reason(reasons, text);
  }
  judge_columns(summary, rows, options->min_voxel_correlation, reasons);
  return reasons->count > before ? COMPARE_DIFFERENT : COMPARE_WITHIN;
}
