/* The journal beside a partial file: how many of its rows are safely on disk, and of which run they are. */
#ifndef IO_JOURNAL_H
#define IO_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define IO_JOURNAL_FINGERPRINT_MAX 1024

/* Atomically replaces the journal by one of no rows, and opens it; `*file` is the descriptor, or -1. EWRITE, ELIMIT. */
berg_status io_journal_create(int *file, const char *path, size_t columns, const char *fingerprint, berg_error *error);

/* Opens the journal of an earlier run. EEXISTS: it belongs to another run (columns, fingerprint); EINPUT: it is missing
 * or damaged. `*rows`: how many rows it records as safe. */
berg_status io_journal_open(int *file, const char *path, size_t columns, const char *fingerprint, size_t *rows,
                            berg_error *error);

/* Records that `rows` rows are safe, and waits until the record itself is. False with errno. */
bool io_journal_note(int file, size_t rows);

#endif
