/* Parts that are .h5: the whole is written as an encode writes it, its rows read out of one part after another. */
#include "base/memory.h"
#include "base/progress.h"
#include "io/hdf5/hdf5.h"
#include "io/rows/row_source.h"
#include "model/merge/labels.h"

/* The rows of all parts, of which one is open at a time. */
typedef struct rows {
  const model_merge_task *task;
  size_t columns;
  size_t part, first; /* the one that is open, and the number of its first row */
  io_hdf5 *dataset;
} rows;

static berg_status open_part(rows *r, size_t part, berg_error *error) {
  io_hdf5_free(r->dataset);
  r->dataset = NULL;
  berg_status status = model_merge_tell(r->task, part, error);
  if (!status) status = io_hdf5_open(&r->dataset, r->task->members[part]->path, "responses", error);
  if (status) return status;
  const berg_array *about = io_hdf5_about(r->dataset);
  size_t columns = 1;
  for (size_t d = 1; d < (size_t)about->ndim; d++) columns *= about->shape[d];
  if (about->dtype == BERG_F32 && about->ndim > 1 && columns == r->columns &&
      about->shape[0] == r->task->members[part]->rows)
    return BERG_OK;
  return base_fail(error, BERG_EINPUT, "%s: responses: is not of %zu rows of %zu columns", r->task->members[part]->path,
                   r->task->members[part]->rows, r->columns);
}

/* Makes the part that holds row `row` the one that is open; rows are asked for in order. */
static berg_status find_part(rows *r, size_t row, berg_error *error) {
  size_t part = r->part, first = r->first;
  while (row >= first + r->task->members[part]->rows) first += r->task->members[part++]->rows;
  if (r->dataset && part == r->part) return BERG_OK;
  r->part = part;
  r->first = first;
  return open_part(r, part, error);
}

/* Values of one row, or of whole rows of one part: as many as `count` allows, of which `*taken` says how many. */
static berg_status read_some(rows *r, size_t at, size_t count, float *values, size_t *taken, berg_error *error) {
  const size_t row = at / r->columns, column = at % r->columns;
  berg_status status = find_part(r, row, error);
  if (status) return status;
  const size_t within = row - r->first, left = r->task->members[r->part]->rows - within, whole = count / r->columns;
  if (column || !whole) {
    *taken = count < r->columns - column ? count : r->columns - column;
    return io_hdf5_read_columns(r->dataset, within, 1, column, *taken, values, error);
  }
  const size_t some = whole < left ? whole : left;
  *taken = some * r->columns;
  return io_hdf5_read(r->dataset, within, some, values, error);
}

static berg_status read_rows(void *user, size_t first, size_t count, float *values, berg_error *error) {
  rows *r = user;
  berg_status status = base_ask_cancel(r->task->run, error);
  for (size_t done = 0; done < count && !status;) {
    size_t taken = 0;
    status = read_some(r, first + done, count - done, values + done, &taken, error);
    done += taken;
  }
  return status;
}

static berg_status write_labelled(const model_merge_task *task, model_merge_labels *labels, berg_error *error) {
  size_t columns = 1;
  for (size_t a = 0; a < labels->io.axis_count; a++) columns *= labels->shape[a];
  rows r = {.task = task, .columns = columns};
  const io_row_source source = {.file = -1,
                                .rows = task->rows,
                                .columns = columns,
                                .shape = labels->shape,
                                .ndim = labels->io.axis_count,
                                .name = task->path,
                                .read = read_rows,
                                .user = &r};
  berg_status status = io_write_hdf5(&source, task->path, task->force, &labels->io, error);
  io_hdf5_free(r.dataset);
  return status;
}

berg_status model_merge_write_hdf5(const model_merge_task *task, berg_error *error) {
  model_merge_labels labels;
  berg_status status = model_merge_labels_read(&labels, task, error);
  if (!status) status = write_labelled(task, &labels, error);
  model_merge_labels_release(&labels);
  return status;
}
