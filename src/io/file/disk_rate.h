/* How fast a folder's disk writes and reads. */
#ifndef IO_DISK_RATE_H
#define IO_DISK_RATE_H

#include <stddef.h>

#include "base/error.h"

/* Bytes a second of writing `bytes` to a file in `folder` until they are on the disk, and of reading them back after
 * asking the system to forget them. The file has no name and disappears with the call. EWRITE. */
berg_status io_disk_rate(const char *folder, size_t bytes, double *written, double *read, berg_error *error);

#endif
