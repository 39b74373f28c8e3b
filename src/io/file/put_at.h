/* Writing bytes at an offset of a file that another component has laid out, and setting its space aside. */
#ifndef IO_PUT_AT_H
#define IO_PUT_AT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* All of `bytes` at `offset`, however the system cuts it. False with errno. */
bool io_write_at(int file, const void *bytes, size_t size, uint64_t offset);
/* All of `bytes` at `offset` of the open `file`, which messages call `path`. EWRITE. */
berg_status io_put_at(int file, const void *bytes, size_t size, uint64_t offset, const char *path, berg_error *error);
/* Takes the disk's space for the first `bytes` of the open `file`, so that a disk that is too small is known before
 * there is something to write. EWRITE. */
berg_status io_set_aside(int file, uint64_t bytes, const char *path, berg_error *error);

#endif
