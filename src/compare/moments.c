/* Two passes over both files: counts and means, then sums of products. */
#include "compare/moments.h"

#include <math.h>

#include "base/machine.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/team.h"

#define BLOCK_VALUES ((size_t)1 << 22) /* 32 MiB of each side */
#define TILE 64                        /* columns whose sums stay in L1 */

typedef struct row_block {
  double *a, *b; /* [count][columns] */
  size_t first, count, capacity;
  compare_row *rms, *correlation; /* [capacity] of its rows */
} row_block;

typedef struct passing {
  compare_moments *moments;
  compare_rows *a, *b;
  const compare_limits *limits;
  const berg_run *run;
  double start;
  bool is_first; /* of the two passes */
  row_block block;
} passing;

/* --- Pass 1: counts, differences, means --- */

static void count_unpaired(compare_column *column, double a, double b, size_t row) {
  bool is_equal = a == b || (isnan(a) && isnan(b));
  if (!is_equal && column->unpaired_row == SIZE_MAX) column->unpaired_row = row;
  column->equal += is_equal;
  column->beyond += !is_equal;
  if (isnan(a) && isnan(b))
    column->nan_both++;
  else if (isnan(a))
    column->nan_a++;
  else if (isnan(b))
    column->nan_b++;
  else if (!is_equal)
    column->infinite++;
}

static void count_pair(compare_column *column, double a, double b, size_t row, const compare_limits *limits) {
  double difference = fabs(a - b);
  if (!column->pairs++) {
    column->first_a = a;
    column->first_b = b;
  }
  column->mean_a += a - column->first_a;
  column->mean_b += b - column->first_b;
  column->equal += a == b;
  column->beyond += !(difference <= limits->atol + limits->rtol * fabs(b));
  column->absolute += difference;
  column->squares += difference * difference;
  if (!(difference > column->largest)) return;
  column->largest = difference;
  column->largest_a = a;
  column->largest_b = b;
  column->largest_row = row;
}

static bool is_blank(double value) { return isnan(value) || value == 0; }

static void count_tile(passing *pass, size_t from, size_t to) {
  const size_t columns = pass->moments->columns;
  for (size_t r = 0; r < pass->block.count; r++) {
    const double *a = pass->block.a + r * columns, *b = pass->block.b + r * columns;
    for (size_t c = from; c < to; c++) {
      compare_column *column = &pass->moments->column[c];
      if (!is_blank(a[c]) || !is_blank(b[c])) pass->moments->inside[c] = 1;
      if (isfinite(a[c]) && isfinite(b[c]))
        count_pair(column, a[c], b[c], pass->block.first + r, pass->limits);
      else
        count_unpaired(column, a[c], b[c], pass->block.first + r);
    }
  }
}

/* --- Pass 2: moments about the means, and the rows --- */

static void sum_tile(passing *pass, size_t from, size_t to) {
  const size_t columns = pass->moments->columns;
  for (size_t r = 0; r < pass->block.count; r++) {
    const double *a = pass->block.a + r * columns, *b = pass->block.b + r * columns;
    for (size_t c = from; c < to; c++) {
      compare_column *column = &pass->moments->column[c];
      if (!isfinite(a[c]) || !isfinite(b[c])) continue;
      double x = a[c] - column->first_a - column->mean_a, y = b[c] - column->first_b - column->mean_b;
      column->aa += x * x;
      column->bb += y * y;
      column->ab += x * y;
    }
  }
}

static double correlation(double aa, double bb, double ab) {
  double r = ab / (sqrt(aa) * sqrt(bb)); /* NaN for 0 / 0 */
  return r > 1 ? 1 : r < -1 ? -1 : r;
}

/* One image across the columns. */
static void sum_row(const passing *pass, size_t r) {
  const compare_moments *moments = pass->moments;
  const double *a = pass->block.a + r * moments->columns, *b = pass->block.b + r * moments->columns;
  double first_a = 0, first_b = 0, mean_a = 0, mean_b = 0, squares = 0, aa = 0, bb = 0, ab = 0;
  size_t pairs = 0;
  bool is_same = true;
  for (size_t c = 0; c < moments->columns; c++) {
    if (!moments->inside[c] || !isfinite(a[c]) || !isfinite(b[c])) continue;
    if (!pairs++) {
      first_a = a[c];
      first_b = b[c];
    }
    mean_a += a[c] - first_a;
    mean_b += b[c] - first_b;
    squares += (a[c] - b[c]) * (a[c] - b[c]);
    is_same = is_same && a[c] == b[c];
  }
  const double n = (double)pairs;
  for (size_t c = 0; c < moments->columns; c++) {
    if (!moments->inside[c] || !isfinite(a[c]) || !isfinite(b[c])) continue;
    double x = a[c] - first_a - mean_a / n, y = b[c] - first_b - mean_b / n;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  const size_t row = pass->block.first + r;
  pass->block.rms[r] = (compare_row){row, sqrt(squares / n)};
  pass->block.correlation[r] = (compare_row){row, is_same && aa > 0 ? 1 : correlation(aa, bb, ab)};
}

static void fold_rows(passing *pass) {
  compare_moments *moments = pass->moments;
  for (size_t r = 0; r < pass->block.count; r++) {
    const compare_row rms = pass->block.rms[r], one = pass->block.correlation[r];
    if (rms.value > moments->largest_rms.value || (isnan(moments->largest_rms.value) && !isnan(rms.value)))
      moments->largest_rms = rms;
    if (isnan(one.value)) continue;
    moments->correlation_sum += one.value;
    if (!moments->correlation_count++ || one.value < moments->lowest_correlation.value)
      moments->lowest_correlation = one;
  }
}

/* --- Both passes --- */

static void use_tile(void *user, size_t index, size_t rank) {
  passing *pass = user;
  const size_t columns = pass->moments->columns, from = index * TILE,
               to = columns - from < TILE ? columns : from + TILE;
  (void)rank;
  if (pass->is_first)
    count_tile(pass, from, to);
  else
    sum_tile(pass, from, to);
}

static void use_row(void *user, size_t r, size_t rank) {
  (void)rank;
  sum_row(user, r);
}

static void use_block(passing *pass) {
  base_team *team = base_team_begin(pass->limits->threads);
  base_team_share(team, (pass->moments->columns + TILE - 1) / TILE, use_tile, pass);
  if (!pass->is_first) base_team_share(team, pass->block.count, use_row, pass);
  base_team_end(team);
  if (!pass->is_first) fold_rows(pass);
}

static berg_status go_through(passing *pass, bool is_first, berg_error *error) {
  pass->is_first = is_first;
  const size_t rows = pass->moments->rows;
  berg_status status = BERG_OK;
  for (size_t first = 0; first < rows && !status; first += pass->block.capacity) {
    pass->block.first = first;
    pass->block.count = rows - first < pass->block.capacity ? rows - first : pass->block.capacity;
    status = compare_rows_read(pass->a, first, pass->block.count, pass->limits->threads, pass->block.a, error);
    if (!status)
      status = compare_rows_read(pass->b, first, pass->block.count, pass->limits->threads, pass->block.b, error);
    if (status) break;
    use_block(pass);
    status = base_progress(pass->run, (is_first ? 0 : rows) + first + pass->block.count, 2 * rows, pass->start, "rows",
                           error);
  }
  return status;
}

static void finish_first(compare_moments *moments, bool are_volumes) {
  for (size_t c = 0; c < moments->columns; c++) {
    compare_column *column = &moments->column[c];
    column->mean_a /= (double)column->pairs;
    column->mean_b /= (double)column->pairs;
    if (!are_volumes) moments->inside[c] = 1;
  }
}

static berg_status prepare(passing *pass, berg_error *error) {
  compare_moments *moments = pass->moments;
  row_block *block = &pass->block;
  const size_t columns = moments->columns ? moments->columns : 1;
  block->capacity = BLOCK_VALUES / columns ? BLOCK_VALUES / columns : 1;
  if (block->capacity > moments->rows) block->capacity = moments->rows ? moments->rows : 1;
  moments->column = base_calloc(moments->columns, sizeof *moments->column, error);
  moments->inside = base_calloc(moments->columns, 1, error);
  block->a = base_alloc(block->capacity * columns, sizeof *block->a, error);
  block->b = base_alloc(block->capacity * columns, sizeof *block->b, error);
  block->rms = base_alloc(block->capacity, sizeof *block->rms, error);
  block->correlation = base_alloc(block->capacity, sizeof *block->correlation, error);
  if (!moments->column || !moments->inside || !block->a || !block->b || !block->rms || !block->correlation)
    return BERG_ELIMIT;
  for (size_t c = 0; c < moments->columns; c++) moments->column[c].unpaired_row = SIZE_MAX;
  return BERG_OK;
}

berg_status compare_moments_take(compare_moments *moments, compare_rows *a, compare_rows *b,
                                 const compare_limits *limits, const berg_run *run, berg_error *error) {
  *moments = (compare_moments){.rows = a->rows, .columns = a->rows ? a->columns : 0, .largest_rms = {0, NAN}};
  passing pass = {.moments = moments, .a = a, .b = b, .limits = limits, .run = run, .start = base_machine_seconds()};
  berg_status status = prepare(&pass, error);
  if (!status && moments->columns) {
    status = go_through(&pass, true, error);
    finish_first(moments, limits->are_volumes);
    if (!status) status = go_through(&pass, false, error);
  }
  base_free(pass.block.a);
  base_free(pass.block.b);
  base_free(pass.block.rms);
  base_free(pass.block.correlation);
  if (status) compare_moments_free(moments);
  return status;
}

void compare_moments_free(compare_moments *moments) {
  base_free(moments->column);
  base_free(moments->inside);
  moments->column = NULL;
  moments->inside = NULL;
}

double compare_column_correlation(const compare_column *column) {
  if (column->largest == 0 && column->aa > 0) return 1; /* and not a bit less by rounding */
  return correlation(column->aa, column->bb, column->ab);
}

double compare_column_rms(const compare_column *column) { return sqrt(column->squares / (double)column->pairs); }

double compare_column_spread(const compare_column *column) { return sqrt(column->aa / (double)column->pairs); }
