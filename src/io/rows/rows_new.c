/* What a file of rows is before it is open: names, sizes, and what its journals will say of the run. */
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/container/npy.h"
#include "io/file/journal.h"
#include "io/rows/rows_file.h"

static berg_status make_names(io_rows *rows, const char *path, berg_error *error) {
  rows->path = base_copy_text(path, error);
  rows->partial = base_format(error, "%s.partial", path);
  rows->journal_path = base_format(error, "%s.partial.journal", path);
  return rows->path && rows->partial && rows->journal_path ? BERG_OK : BERG_ELIMIT;
}

static berg_status check_columns(const char *path, const size_t *shape, size_t ndim, size_t *columns,
                                 berg_error *error) {
  size_t row_bytes = 0;
  bool fits = ndim && ndim <= IO_ROW_DIMS_MAX;
  *columns = 1;
  for (size_t d = 0; d < ndim && fits; d++) fits = base_multiply(*columns, shape[d], columns);
  if (!fits) *columns = SIZE_MAX;
  if (!*columns || !base_multiply(*columns, sizeof(float), &row_bytes) || row_bytes > INT64_MAX / 2)
    return base_fail(error, BERG_EARGUMENT, "%s: rows of %zu columns cannot be written", path, *columns);
  return BERG_OK;
}

/* The fingerprint, and the shape where `columns` in the journal does not say it. NULL: ELIMIT. */
static char *name_run(const char *fingerprint, const size_t *shape, size_t ndim, berg_error *error) {
  char text[IO_ROW_DIMS_MAX * 24] = "";
  for (size_t d = 0, used = 0; ndim > 1 && d < ndim; d++)
    used += (size_t)base_print(text + used, sizeof text - used, "%s%zu", d ? " x " : ", rows of ", shape[d]);
  return base_format(error, "%s%s", fingerprint, text);
}

static berg_status describe(io_rows *rows, const char *path, const size_t *shape, size_t ndim, const char *fingerprint,
                            berg_error *error) {
  memcpy(rows->shape + 1, shape, ndim * sizeof *shape);
  rows->ndim = ndim + 1;
  rows->row_bytes = rows->columns * sizeof(float);
  rows->header_bytes = io_npy_write_header(NULL, 0, BERG_F32, sizeof(float), rows->shape, rows->ndim);
  rows->run = name_run(fingerprint, shape, ndim, error);
  if (!rows->run) return BERG_ELIMIT;
  if (strlen(rows->run) > IO_JOURNAL_FINGERPRINT_MAX || strchr(rows->run, '\n'))
    return base_fail(error, BERG_EARGUMENT, "%s: the fingerprint of a run is one line of at most %d bytes", path,
                     IO_JOURNAL_FINGERPRINT_MAX);
  return make_names(rows, path, error);
}

io_rows *io_rows_new(const char *path, const size_t *shape, size_t ndim, const char *fingerprint, berg_status *status,
                     berg_error *error) {
  size_t columns;
  *status = io_rows_check_name(path, error);
  if (!*status) *status = check_columns(path, shape, ndim, &columns, error);
  if (*status) return NULL;
  io_rows *rows = base_calloc(1, sizeof *rows, error);
  *status = BERG_ELIMIT;
  if (!rows) return NULL;
  rows->data = rows->journal = -1;
  rows->columns = columns;
  *status = describe(rows, path, shape, ndim, fingerprint, error);
  if (!*status) return rows;
  io_rows_free(rows, error);
  return NULL;
}
