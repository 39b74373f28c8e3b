/* The journal beside a partial file: which of its rows are safely on disk, and of which run they are. */
#ifndef IO_JOURNAL_H
#define IO_JOURNAL_H

#include "base/error.h"
#include "io/file/ranges.h"

#define IO_JOURNAL_FINGERPRINT_MAX 1024
/* So many fit into the one sector that is rewritten in place. */
#define IO_JOURNAL_RANGES 10

/* The file that rows have become, as far as its size and time (in nanoseconds) say; zeros: they have not. */
typedef struct io_placed {
  size_t size, time;
} io_placed;

/* Atomically replaces the journal by one of no rows, and opens it; `*file` is the descriptor, or -1. EWRITE, ELIMIT. */
berg_status io_journal_create(int *file, const char *path, size_t columns, const char *fingerprint, berg_error *error);

/* Opens the journal of an earlier run. EEXISTS: it belongs to another run (columns, fingerprint); EINPUT: it is missing
 * or damaged; EWRITE: it cannot be opened or read. `*rows`: those that it records as safe. */
berg_status io_journal_open(int *file, const char *path, size_t columns, const char *fingerprint, io_ranges *rows,
                            berg_error *error);
/* The same, with what io_journal_note_placed recorded. */
berg_status io_journal_open_placed(int *file, const char *path, size_t columns, const char *fingerprint,
                                   io_ranges *rows, io_placed *placed, berg_error *error);

/* Records which rows are safe, of more than IO_JOURNAL_RANGES ranges the first ones, and waits until the record itself
 * is. False with errno. */
bool io_journal_note(int file, const io_ranges *rows);
/* Records as well what they have become, after which they themselves are not needed. */
bool io_journal_note_placed(int file, const io_ranges *rows, const io_placed *placed);

#endif
