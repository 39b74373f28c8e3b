/* A copy of a file, on another disk for instance, which appears whole or not at all. */
#ifndef IO_COPY_H
#define IO_COPY_H

#include "base/error.h"

/* Replaces a file at `to`. EINPUT: `from` cannot be read; EWRITE. */
berg_status io_copy_file(const char *from, const char *to, berg_error *error);

#endif
