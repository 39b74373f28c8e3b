/* Rows that grow, as the steps of their life share them: opening and appending (rows.c), placing (rows_place.c). */
#ifndef IO_ROWS_FILE_H
#define IO_ROWS_FILE_H

#include "io/file/journal.h"
#include "io/rows/rows.h"

struct io_rows {
  char *path, *partial, *journal_path;
  int data, journal;
  bool force, begun;
  bool placed;  /* a file is at `path` already, as a run leaves it that is killed at its end */
  bool settled; /* and known to be these rows, which are gone */
  size_t shape[IO_ROW_DIMS_MAX + 1], ndim; /* of the file; shape[0] is said when it is known */
  size_t columns, row_bytes, header_bytes;
  io_ranges written, safe;
  double synced_at;
};

/* Makes all appended rows safe and records it. False with errno. */
bool io_rows_sync(io_rows *rows);
/* Cuts the partial file to the first `bytes`, whose header says `count` rows. False with errno. */
bool io_rows_cut(io_rows *rows, size_t bytes, size_t count);
/* EWRITE, with how many rows are safe. */
berg_status io_rows_fail_write(const io_rows *rows, int number, berg_error *error);
/* What is at `path`, as the journal records it; zeros: nothing. */
io_placed io_rows_placed_now(const io_rows *rows);

#endif
