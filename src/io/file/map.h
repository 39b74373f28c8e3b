/* A whole file mapped read-only. Pages are read when touched and belong to the page cache, so a mapped file costs only
 * what is used of it. */
#ifndef IO_MAP_H
#define IO_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "io/file/stamp.h"

typedef struct io_map {
  const uint8_t *bytes; /* never NULL while open; of an empty file none may be read */
  size_t size;
  io_stamp stamp; /* of the file when it was mapped: what is written into it shows in the map */
} io_map;

/* A regular file. EINPUT with the reason when it is missing, unreadable, or no regular file. */
berg_status io_map_open(io_map *map, const char *path, berg_error *error);
void io_map_close(io_map *map);
/* Tells the kernel that [offset, offset + size) will be read soon, or is not needed any more (it stays readable). */
void io_map_will_need(const io_map *map, size_t offset, size_t size);
void io_map_drop(const io_map *map, size_t offset, size_t size);
/* Drops all of a map by several threads: 1 GB of resident pages is given back in 15 ms where munmap alone takes 20. */
void io_map_drop_all(const io_map *map, int threads);
/* io_map_will_need of a whole file that is not mapped yet. A file that cannot be opened is ignored. */
void io_file_will_need(const char *path);

#endif
