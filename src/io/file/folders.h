/* Folders and the free space of their disk. */
#ifndef IO_FOLDERS_H
#define IO_FOLDERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Makes `path` and the folders above it where they are missing. EWRITE. */
berg_status io_make_folders(const char *path, berg_error *error);
/* The same for the folder that the file `path` lies in. */
berg_status io_make_folders_for(const char *path, berg_error *error);
/* Bytes that may still be written where `path` (or the nearest folder above it that exists) lies; UINT64_MAX where that
 * cannot be known. */
uint64_t io_disk_free(const char *path);

#endif
