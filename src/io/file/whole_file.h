/* Files that appear whole or not at all: written beside their place under a name of their own, ".<name>.q3vx7mab.new",
 * flushed to disk, renamed. Of several writers the last one wins, whole. Only a kill leaves that name behind. */
#ifndef IO_WHOLE_FILE_H
#define IO_WHOLE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef struct io_whole_file io_whole_file;

/* Removes a file that may be missing. EWRITE. */
berg_status io_remove_file(const char *path, berg_error *error);
/* Removes what a failed run would leave, that may be missing. Where it cannot be removed the error of the failure,
 * which has been told, says that it stays; NULL: nobody does. */
void io_remove_left(const char *path, berg_error *error);
/* Whether an output may take the name `path`, for all who write and all who look before they work: regular files and
 * links are replaced with `force` (the link, never what it leads to), nothing else ever is. EEXISTS; EWRITE: a
 * directory, a device, a pipe or a socket, or a link to one, or to an open file of a process as /dev/stdout is. */
berg_status io_check_output(const char *path, bool force, berg_error *error);
/* As io_check_output; EEXISTS where `path` is there and not `force`; EWRITE. */
berg_status io_whole_file_open(io_whole_file **file, const char *path, bool force, berg_error *error);
berg_status io_whole_file_write(io_whole_file *file, const void *bytes, size_t size, berg_error *error);
berg_status io_whole_file_print(io_whole_file *file, berg_error *error, const char *format, ...) BASE_PRINTF(3, 4);
/* What was written is on the disk, and the file closed, so that committing renames alone: for a file that follows
 * another, to which nothing is written any more. EWRITE. */
berg_status io_whole_file_sync(io_whole_file *file, berg_error *error);
/* Flushes, syncs, renames; frees the handle either way. EWRITE, and then nothing is left. */
berg_status io_whole_file_commit(io_whole_file *file, berg_error *error);
/* The same without waiting for the disk, for thousands of small files: whole for every reader, though perhaps not after
 * a power failure. */
berg_status io_whole_file_commit_unsynced(io_whole_file *file, berg_error *error);
/* Gives up after a failure, of which `error` tells: removes what was written as io_remove_left does. NULL is fine. */
void io_whole_file_abandon(io_whole_file *file, berg_error *error);
/* Of a file that was synced and waits for another to be in its place: commits it where `status`, how that ended, is
 * BERG_OK, else gives it up. NULL is fine. `status`; EWRITE. */
berg_status io_whole_file_follow(io_whole_file *file, berg_status status, berg_error *error);
/* Removes what killed writers of `path` have left; for a caller that keeps others from writing it. */
void io_whole_file_clear(const char *path);
/* The last step alone, for a file that was written and synced by other means: `temporary` becomes `path`, and the
 * folder is synced. They may already be one file, as a kill in between leaves them. EEXISTS where `path` is there and
 * not `force`; EWRITE; `temporary` then stays. */
berg_status io_place_file(const char *temporary, const char *path, bool force, berg_error *error);
/* The same, but `temporary` stays another name of the file, to be removed by the caller; where the file system has no
 * links it is gone. For a name whose lock keeps other runs out until all behind it is cleared up. */
berg_status io_place_link(const char *temporary, const char *path, bool force, berg_error *error);
/* The name being written, for libraries that open files themselves (NIfTI), and the descriptor, for writing at offsets;
 * then nothing else may write. */
const char *io_whole_file_path(const io_whole_file *file);
int io_whole_file_handle(const io_whole_file *file);

#endif
