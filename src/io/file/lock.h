/* Locks that keep two writers of one file apart, in two processes or two handles of one. */
#ifndef IO_LOCK_H
#define IO_LOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Locks the whole of `file`, open for writing, until it is closed. False: another handle has it, or had it, and `path`
 * does not lead to this file any more. Where a file system has no locks, the lock counts as taken. */
bool io_lock(int file, const char *path);

/* The same of bytes [first, end), which need not exist. False: another handle has some of them. */
bool io_lock_range(int file, uint64_t first, uint64_t end);

/* Whether `path` names this very file, not by way of a link: what the holder of its lock may remove. */
bool io_is_named(int file, const char *path);

/* Whether a program that writes `file` says so by a lock (flock) of it, as libhdf5 does; false where there are no
 * locks. None is kept. */
bool io_is_being_written(int file);

/* A file that serves as a lock only: makes, opens and locks it. The descriptor, or -1 with errno; EAGAIN: another has
 * it. */
int io_lock_open(const char *path);
/* Removes and unlocks it. */
void io_lock_close(int lock, const char *path);

/* The same of a lock that several may have at a time, where nobody has it alone: what each of them has of its own are
 * ranges behind the first byte. */
int io_lock_open_shared(const char *path);
/* Unlocks it; the last one removes it. */
void io_lock_close_shared(int lock, const char *path);

#endif
