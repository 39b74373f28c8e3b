/* Squares of the matrix above its diagonal: made by all threads, while the one before is written, and what mirrors
 * it. */
#include <math.h>
#include <string.h>

#include "base/machine.h"
#include "base/progress.h"
#include "model/encode/writer.h"
#include "query/similarity/rsm.h"

#define GROUPS (QUERY_SPAN / QUERY_GROUP)
#define SQUARES ((size_t)3) /* that are at work: two with the writer, and one */

typedef struct sums {
  double sum, least, most;
  size_t pairs;
} sums;

typedef struct square {
  const query_rsm_file *file;
  size_t region, top, rows, left, columns, side;
  bool f64, mirrored;
} square;

typedef struct writing {
  bool similarity; /* 1 - the dissimilarity */
  double scale;
  size_t side; /* rows and columns that a buffer has room for */
  square *at;
  void *values, *mirror; /* [side][side] */
  sums groups[GROUPS];
} writing;

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Over the part of a row that lies right of the diagonal; NaN says nothing. */
static void note(sums *s, const double *values, size_t count) {
  double sum = 0, least = s->least, most = s->most;
  size_t pairs = 0;
  for (size_t j = 0; j < count; j++) {
    const double value = values[j];
    sum += value == value ? value : 0;
    least = value < least ? value : least;
    most = value > most ? value : most;
    pairs += value == value;
  }
  s->sum += sum;
  s->least = least;
  s->most = most;
  s->pairs += pairs;
}

static void store_row(const writing *w, size_t i, size_t j, const double *values, size_t count) {
  const square *at = w->at;
  const size_t side = w->side;
  if (at->f64) {
    double *to = (double *)w->values + i * side + j, *mirror = (double *)w->mirror + j * side + i;
    memcpy(to, values, count * sizeof *to);
    for (size_t k = 0; k < count && at->mirrored; k++) mirror[k * side] = values[k];
    return;
  }
  float *to = (float *)w->values + i * side + j, *mirror = (float *)w->mirror + j * side + i;
  for (size_t k = 0; k < count; k++) to[k] = (float)values[k];
  for (size_t k = 0; k < count && at->mirrored; k++) mirror[k * side] = to[k];
}

static void take_tile(void *user, size_t row, size_t rows, size_t column, size_t columns, const double *const *tiles) {
  writing *w = user;
  const square *at = w->at;
  const size_t top = row - at->top, left = column - at->left;
  const double first = w->similarity ? 1 : 0, scale = w->similarity ? -1 : w->scale;
  sums *group = &w->groups[top / QUERY_GROUP];
  for (size_t i = 0; i < rows; i++) {
    double values[QUERY_TILE_COLUMNS];
    for (size_t j = 0; j < QUERY_TILE_COLUMNS; j++) values[j] = first + scale * tiles[0][i * QUERY_TILE_COLUMNS + j];
    store_row(w, top + i, left, values, columns);
    const size_t from = row + i < column ? 0 : smaller(row + i + 1 - column, columns);
    note(group, values + from, columns - from);
  }
}

static berg_status put_square(void *user, const float *rows, size_t count, berg_error *error) {
  const square *s = user;
  const size_t item = s->f64 ? sizeof(double) : sizeof(float);
  (void)count;
  berg_status status =
      query_rsm_file_put(s->file, s->region, s->top, s->rows, s->left, s->columns, rows, s->side, error);
  if (!status && s->mirrored)
    status = query_rsm_file_put(s->file, s->region, s->left, s->columns, s->top, s->rows,
                                (const char *)rows + s->side * s->side * item, s->side, error);
  return status;
}

static void add_sums(writing *w, query_rsm_summary *summary) {
  for (size_t g = 0; g < GROUPS; g++) {
    const sums *s = &w->groups[g];
    summary->mean += s->sum; /* the sum, until the end */
    summary->pairs += s->pairs;
    summary->least = fmin(summary->least, s->least);
    summary->most = fmax(summary->most, s->most);
  }
}

static berg_status make_square(writing *w, const query_pairs *pairs, model_writer *writer, int threads,
                               query_rsm_summary *summary, berg_error *error) {
  float *buffer;
  berg_status status = model_writer_buffer(writer, &buffer, error);
  if (status) return status;
  const size_t item = w->at->f64 ? sizeof(double) : sizeof(float);
  w->values = buffer;
  w->mirror = (char *)buffer + w->side * w->side * item;
  for (size_t g = 0; g < GROUPS; g++) w->groups[g] = (sums){.least = INFINITY, .most = -INFINITY};
  const double began = base_machine_seconds();
  status = query_pairs_visit(&pairs, 1, w->at->top, w->at->left, threads, take_tile, w, error);
  summary->seconds += base_machine_seconds() - began;
  add_sums(w, summary);
  if (!status) model_writer_hand(writer, w->at, w->at->rows);
  return status;
}

static size_t count_undefined(const query_pairs *pairs) {
  size_t undefined = 0;
  for (size_t i = 0; i < pairs->count; i++) undefined += isnan(pairs->squares[i]) != 0;
  return undefined;
}

berg_status query_rsm_write(const query_pairs *pairs, const query_rsm_plan *plan, const query_rsm_file *file,
                            size_t region, double scale, int threads, const berg_run *run, double start,
                            query_rsm_summary *summary, berg_error *error) {
  const size_t n = pairs->count, item = plan->f64 ? sizeof(double) : sizeof(float);
  const bool bounded = pairs->metric == QUERY_CORRELATION || pairs->metric == QUERY_COSINE;
  square squares[SQUARES];
  writing w = {.similarity = bounded && !plan->distance, .scale = scale, .side = smaller(n, QUERY_SPAN)};
  model_writer *writer;
  *summary = (query_rsm_summary){.undefined = count_undefined(pairs), .least = INFINITY, .most = -INFINITY};
  berg_status status =
      model_writer_open(&writer, put_square, 2 * w.side * w.side * (item / sizeof(float)), false, error);
  size_t made = 0;
  for (size_t top = 0; top < n && !status; top += QUERY_SPAN) {
    for (size_t left = top; left < n && !status; left += QUERY_SPAN, made++) {
      w.at = &squares[made % SQUARES];
      *w.at = (square){.file = file,
                       .region = region,
                       .top = top,
                       .rows = smaller(n - top, QUERY_SPAN),
                       .left = left,
                       .columns = smaller(n - left, QUERY_SPAN),
                       .side = w.side,
                       .f64 = plan->f64,
                       .mirrored = plan->form == QUERY_SQUARE && left > top};
      status = make_square(&w, pairs, writer, threads, summary, error);
    }
    if (!status)
      status =
          base_progress(run, region * n + smaller(n, top + QUERY_SPAN), plan->region_count * n, start, "rows", error);
  }
  berg_error later;
  berg_status written = writer ? model_writer_close(writer, status ? &later : error) : BERG_OK;
  summary->mean = summary->pairs ? summary->mean / (double)summary->pairs : (double)NAN;
  return status ? status : written;
}
