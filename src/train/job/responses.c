/* Reading blocks of targets: columns of one file or of several, as they are, averaged, or some rows of them. */
#include "train/job/responses.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "io/hdf5/hdf5.h"

struct train_responses {
  io_hdf5 *datasets[MODEL_OUTPUTS_MAX];
  const train_subject *subject;
  float *shares; /* [trials] rows of each, where they are averaged */
};

/* Columns of one file, and where they go. */
typedef struct part {
  io_hdf5 *dataset;
  size_t first, number;
  float *to;     /* of the first trial, from which */
  size_t stride; /* to the next */
} part;

static berg_status count_rows(train_responses *r, berg_error *error) {
  const train_subject *subject = r->subject;
  if (!subject->averages) return BERG_OK;
  r->shares = base_calloc(subject->trials, sizeof *r->shares, error);
  if (!r->shares) return BERG_ELIMIT;
  for (size_t row = 0; row < subject->stored; row++)
    if (subject->places[row] != TRAIN_NOWHERE) r->shares[subject->places[row]]++;
  return BERG_OK;
}

berg_status train_responses_open(train_responses **out, const train_subject *subject, const model_layout *layout,
                                 berg_error *error) {
  *out = NULL;
  train_responses *responses = base_calloc(1, sizeof *responses, error);
  if (!responses) return BERG_ELIMIT;
  responses->subject = subject;
  berg_status status = count_rows(responses, error);
  for (size_t o = 0; o < MODEL_OUTPUTS_MAX && subject->responses[o] && !status; o++)
    status = io_hdf5_open(&responses->datasets[o], subject->responses[o], layout->prepared.dataset, error);
  if (status)
    train_responses_close(responses);
  else
    *out = responses;
  return status;
}

void train_responses_close(train_responses *responses) {
  if (!responses) return;
  for (size_t o = 0; o < MODEL_OUTPUTS_MAX; o++) io_hdf5_free(responses->datasets[o]);
  base_free(responses->shares);
  base_free(responses);
}

static void add(float *sums, const float *values, size_t count) {
  for (size_t i = 0; i < count; i++) sums[i] += values[i];
}

/* A stored row to the trial that it belongs to. */
static void place_row(const train_responses *r, const part *p, size_t row, const float *values) {
  const size_t *places = r->subject->places, trial = places ? places[row] : row;
  if (trial == TRAIN_NOWHERE) return;
  if (r->shares)
    add(p->to + trial * p->stride, values, p->number);
  else
    memcpy(p->to + trial * p->stride, values, p->number * sizeof *values);
}

/* Rows as they are read, of either type, and one as float32. */
typedef struct block {
  void *rows;
  float *line;
} block;

static berg_status read_block(const train_responses *r, const part *p, size_t first, size_t count, const block *into,
                              berg_error *error) {
  const bool is_wide = io_hdf5_about(p->dataset)->dtype == BERG_F64;
  const double *wide = into->rows;
  const float *narrow = into->rows;
  berg_status status = io_hdf5_read_columns(p->dataset, first, count, p->first, p->number, into->rows, error);
  for (size_t i = 0; i < count && !status; i++) {
    for (size_t c = 0; c < p->number && is_wide; c++) into->line[c] = (float)wide[i * p->number + c];
    place_row(r, p, first + i, is_wide ? into->line : narrow + i * p->number);
  }
  return status;
}

static berg_status read_rows(const train_responses *r, const part *p, berg_error *error) {
  const size_t rows = r->subject->stored;
  const block into = {base_alloc(TRAIN_CONVERTED * p->number, sizeof(double), error),
                      base_alloc(p->number, sizeof(float), error)};
  berg_status status = into.rows && into.line ? BERG_OK : BERG_ELIMIT;
  for (size_t row = 0; row < rows && !status; row += TRAIN_CONVERTED)
    status = read_block(r, p, row, rows - row < TRAIN_CONVERTED ? rows - row : TRAIN_CONVERTED, &into, error);
  base_free(into.rows);
  base_free(into.line);
  return status;
}

static void begin_means(const train_responses *r, const part *p) {
  for (size_t t = 0; t < r->subject->trials && r->shares; t++)
    memset(p->to + t * p->stride, 0, p->number * sizeof *p->to);
}

static void end_means(const train_responses *r, const part *p) {
  for (size_t t = 0; t < r->subject->trials && r->shares; t++) {
    float *values = p->to + t * p->stride;
    for (size_t i = 0; i < p->number; i++) values[i] = isnan(values[i]) ? 0 : values[i] / r->shares[t];
  }
}

static berg_status read_part(const train_responses *r, const part *p, berg_error *error) {
  const berg_array *about = io_hdf5_about(p->dataset);
  if (!r->subject->places && about->dtype == BERG_F32 && p->number == p->stride)
    return io_hdf5_read_columns(p->dataset, 0, r->subject->stored, p->first, p->number, p->to, error);
  begin_means(r, p);
  berg_status status = read_rows(r, p, error);
  if (!status) end_means(r, p);
  return status;
}

static berg_status read_targets(void *user, size_t first, size_t number, float *to, berg_error *error) {
  const train_responses *r = user;
  const size_t end = first + number;
  berg_status status = BERG_OK;
  for (size_t o = 0, start = 0; o < MODEL_OUTPUTS_MAX && r->datasets[o] && !status; o++) {
    const size_t stop = start + r->subject->columns[o], from = first > start ? first : start,
                 until = end < stop ? end : stop;
    if (from < until)
      status = read_part(r, &(part){r->datasets[o], from - start, until - from, to + (from - first), number}, error);
    start = stop;
  }
  return status;
}

train_targets train_responses_targets(train_responses *responses) {
  return (train_targets){responses->subject->trials, responses->subject->targets, read_targets, responses};
}
