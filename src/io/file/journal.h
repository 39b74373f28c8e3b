/* The journal beside a partial file: which of its rows are safely on disk, and of which run they are. */
#ifndef IO_JOURNAL_H
#define IO_JOURNAL_H

#include "base/error.h"
#include "io/file/ranges.h"

#define IO_JOURNAL_FINGERPRINT_MAX 1024

/* Puts a journal of no rows in place, whole, over whatever is there, and opens it; `*file` is the descriptor,
 * or -1. EWRITE, ELIMIT. */
berg_status io_journal_create(int *file, const char *path, size_t columns, const char *fingerprint, berg_error *error);

/* Opens the journal of an earlier run. EEXISTS: it belongs to another run (columns, fingerprint); EINPUT:
 * there is none, or it is damaged. `*rows` are those that it says to be safe. */
berg_status io_journal_open(int *file, const char *path, size_t columns, const char *fingerprint, io_ranges *rows,
                            berg_error *error);

/* Notes which rows are safe, and waits until the note is. False with errno. */
bool io_journal_note(int file, const io_ranges *rows);

#endif
