/* Whether a file is still what it was when it was opened, as far as its inode, size and time say. */
#ifndef IO_STAMP_H
#define IO_STAMP_H

#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"

/* Device, inode, size, time of the last change. */
typedef struct io_stamp {
  uint64_t values[5];
} io_stamp;

io_stamp io_stamp_of(const struct stat *about);
/* The same in a word, never 0, for a million files. */
uint64_t io_stamp_word(const struct stat *about);
/* One that was removed counts as it was: whoever has it open goes on with it. EINPUT. */
berg_status io_stamp_unchanged(const io_stamp *stamp, const char *path, berg_error *error);
berg_status io_stamp_word_unchanged(uint64_t word, const char *path, berg_error *error);

#endif
