/* Writing bytes at an offset of a file that another component has laid out. */
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

#endif
