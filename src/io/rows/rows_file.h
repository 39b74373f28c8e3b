/* Rows that grow, as the steps of their life share them: names and sizes (rows_new.c), opening and appending (rows.c),
 * several processes (rows_share.c), placing (rows_place.c). */
#ifndef IO_ROWS_FILE_H
#define IO_ROWS_FILE_H

#include "io/file/journal.h"
#include "io/rows/rows.h"

struct io_rows {
  char *path, *partial, *journal_path;
  char *run; /* what the journals say the rows belong to */
  int data, journal;
  bool force, begun;
  bool placed;     /* a file is at `path` already, as a run leaves it that is killed at its end */
  bool settled;    /* and known to be these rows, which are gone */
  bool is_guest;   /* another process has it open and locked, and keeps the header */
  bool is_shared;  /* others write rows of it meanwhile */
  bool has_shares; /* or did in an earlier run, whose journals were read */
  size_t shape[IO_ROW_DIMS_MAX + 1], ndim; /* of the file; shape[0] is said when it is known */
  size_t columns, row_bytes, header_bytes;
  io_ranges written;   /* of all that is known */
  io_ranges own, safe; /* what this one's journal is to say, and says */
  double synced_at;
};

/* Names, sizes and handle of a file that is not open yet. NULL: what `status` says. */
io_rows *io_rows_new(const char *path, const size_t *shape, size_t ndim, const char *fingerprint, berg_status *status,
                     berg_error *error);
/* Takes what journals of shares say into `written`. EINPUT, EEXISTS: as io_journal_open; EWRITE. */
berg_status io_rows_read_shares(io_rows *rows, berg_error *error);
/* Removes them. EWRITE. */
berg_status io_rows_remove_shares(const io_rows *rows, berg_error *error);
/* Whether there are any. */
bool io_rows_have_shares(const io_rows *rows);
/* Makes all appended rows safe and records it. False with errno. */
bool io_rows_sync(io_rows *rows);
/* Cuts the partial file to the first `bytes`, whose header says `count` rows. False with errno. */
bool io_rows_cut(io_rows *rows, size_t bytes, size_t count);
/* EWRITE, with how many rows are safe. */
berg_status io_rows_fail_write(const io_rows *rows, int number, berg_error *error);
/* What is at `path`, as the journal records it; zeros: nothing. */
io_placed io_rows_placed_now(const io_rows *rows);

#endif
