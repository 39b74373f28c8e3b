/* The comparison as JSON. */
#include "compare/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/value/json_build.h"
#include "base/decimal.h"

/* cJSON's own text of a number need not read back as the same number. */
void compare_json_number(cJSON *to, const char *key, double value) {
  char text[BASE_DECIMAL_ROOM];
  if (!isfinite(value)) {
    io_json_add_null(to, key);
    return;
  }
  io_json_add_raw(to, key, base_decimal(value, false, text));
}

static void add_count(cJSON *to, const char *key, size_t count) { io_json_add_number(to, key, (double)count); }

void compare_json_shape(cJSON *to, const char *key, const berg_array *array) {
  cJSON *shape = io_json_add_list(to, key);
  for (size_t d = 0; d < array->ndim; d++) io_json_add_number(shape, NULL, (double)array->shape[d]);
}

void compare_json_side(cJSON *to, const char *key, const compare_rows *rows) {
  cJSON *side = io_json_add_object(to, key);
  io_json_add_text(side, "path", rows->path);
  if (rows->dataset) io_json_add_text(side, "dataset", rows->dataset);
  io_json_add_text(side, "format", rows->format);
  io_json_add_text(side, "dtype", berg_dtype_name(rows->about.dtype));
  compare_json_shape(side, "shape", &rows->about);
}

/* A column by what it stands for, as far as the files say. */
static void add_column(cJSON *place, size_t column, const compare_rows *a, const compare_rows *b) {
  add_count(place, "column", column);
  const size_t *voxels = a->voxels ? a->voxels : b->voxels;
  if (voxels) add_count(place, "voxel", voxels[column]);
  const compare_rows *volume = a->nifti ? a : b;
  if (!volume->nifti) return;
  cJSON *xyz = io_json_add_list(place, "xyz");
  for (size_t d = 4; d-- > 1;) {
    size_t side = volume->about.shape[d];
    io_json_add_number(xyz, NULL, (double)(column % side));
    column /= side;
  }
}

static void add_row(cJSON *place, size_t row, const compare_rows *a, const compare_rows *b) {
  char name[512];
  add_count(place, "row", row);
  if (compare_rows_name(a, row, name, sizeof name) || compare_rows_name(b, row, name, sizeof name))
    io_json_add_text(place, "image", name);
}

/* Of arrays of more dimensions than two, the index as NumPy has it. */
static void add_index(cJSON *place, size_t row, size_t column, const compare_rows *a) {
  const berg_array *about = &a->about;
  size_t index[BERG_MAX_DIMS];
  if (about->ndim < 3 || a->nifti) return;
  for (size_t d = about->ndim; d-- > 1;) {
    index[d] = column % about->shape[d];
    column /= about->shape[d];
  }
  index[0] = row;
  cJSON *list = io_json_add_list(place, "index");
  for (size_t d = 0; d < about->ndim; d++) io_json_add_number(list, NULL, (double)index[d]);
}

static void add_differences(cJSON *to, const compare_moments *moments, const compare_summary *summary,
                            const compare_rows *a, const compare_rows *b) {
  compare_json_number(to, "mean_absolute_difference", summary->mean_absolute);
  compare_json_number(to, "rms_difference", summary->rms);
  cJSON *place = io_json_add_object(to, "largest_difference");
  compare_json_number(place, "absolute", summary->pairs ? summary->largest : NAN);
  if (summary->largest_column == SIZE_MAX) return;
  const compare_column *column = &moments->column[summary->largest_column];
  compare_json_number(place, "a", column->largest_a);
  compare_json_number(place, "b", column->largest_b);
  add_row(place, column->largest_row, a, b);
  add_column(place, summary->largest_column, a, b);
  add_index(place, column->largest_row, summary->largest_column, a);
}

static void add_not_finite(cJSON *to, const compare_moments *moments, const compare_summary *summary,
                           const compare_rows *a, const compare_rows *b) {
  cJSON *counts = io_json_add_object(to, "not_finite");
  add_count(counts, "nan_only_in_a", summary->nan_a);
  add_count(counts, "nan_only_in_b", summary->nan_b);
  add_count(counts, "nan_in_both", summary->nan_both);
  add_count(counts, "infinite_unequal", summary->infinite);
  if (summary->unpaired_column == SIZE_MAX) return;
  size_t row = moments->column[summary->unpaired_column].unpaired_row;
  cJSON *place = io_json_add_object(counts, "first");
  add_row(place, row, a, b);
  add_column(place, summary->unpaired_column, a, b);
  add_index(place, row, summary->unpaired_column, a);
}

static void add_columns(cJSON *to, const compare_summary *summary, const compare_rows *a, const compare_rows *b) {
  const compare_spread *r = &summary->correlations, *rms = &summary->relative_rms;
  cJSON *columns = io_json_add_object(to, "column_correlation");
  add_count(columns, "defined", r->count);
  compare_json_number(columns, "least", r->least);
  compare_json_number(columns, "median", r->median);
  compare_json_number(columns, "mean", r->mean);
  if (r->count) {
    cJSON *worst = io_json_add_object(columns, "worst");
    compare_json_number(worst, "correlation", r->least);
    add_column(worst, r->least_column, a, b);
  }
  columns = io_json_add_object(to, "relative_rms");
  add_count(columns, "defined", rms->count);
  compare_json_number(columns, "median", rms->median);
  compare_json_number(columns, "mean", rms->mean);
  compare_json_number(columns, "most", rms->most);
  if (!rms->count) return;
  cJSON *worst = io_json_add_object(columns, "worst");
  compare_json_number(worst, "relative_rms", rms->most);
  add_column(worst, rms->most_column, a, b);
}

static void add_rows(cJSON *to, const compare_moments *moments, const compare_rows *a, const compare_rows *b) {
  const size_t count = moments->correlation_count;
  cJSON *rows = io_json_add_object(to, "row_correlation");
  add_count(rows, "defined", count);
  compare_json_number(rows, "mean", count ? moments->correlation_sum / (double)count : NAN);
  compare_json_number(rows, "least", count ? moments->lowest_correlation.value : NAN);
  if (count) {
    cJSON *worst = io_json_add_object(rows, "worst");
    compare_json_number(worst, "correlation", moments->lowest_correlation.value);
    add_row(worst, moments->lowest_correlation.row, a, b);
  }
  if (isnan(moments->largest_rms.value)) return;
  rows = io_json_add_object(to, "worst_row");
  compare_json_number(rows, "rms_difference", moments->largest_rms.value);
  add_row(rows, moments->largest_rms.row, a, b);
}

void compare_json_figures(cJSON *to, const compare_moments *moments, const compare_summary *summary,
                          const compare_rows *a, const compare_rows *b) {
  add_count(to, "rows", moments->rows);
  add_count(to, "columns", summary->columns);
  if (summary->columns < moments->columns) add_count(to, "outside", moments->columns - summary->columns);
  add_count(to, "values", summary->values);
  add_count(to, "equal", summary->equal);
  add_count(to, "beyond_tolerance", summary->beyond);
  add_not_finite(to, moments, summary, a, b);
  add_differences(to, moments, summary, a, b);
  compare_json_number(to, "correlation", summary->correlation);
  add_columns(to, summary, a, b);
  add_rows(to, moments, a, b);
}
