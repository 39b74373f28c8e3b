/* Files that appear together, once all of them are whole, or not at all. */
#ifndef IO_WHOLE_SET_H
#define IO_WHOLE_SET_H

#include "io/file/whole_file.h"

typedef struct io_whole_set {
  io_whole_file **files; /* [count] on the disk, and not in their places */
  size_t count, capacity;
} io_whole_set;

/* As berg_write_whole, but for the place. EEXISTS, EWRITE, ELIMIT. */
berg_status io_whole_set_add(io_whole_set *set, const char *path, const void *bytes, size_t size, bool force,
                             berg_error *error);
/* Puts all in their places, in the order in which they came, where `status`, how making them ended, is BERG_OK; else
 * gives them up. `status`; EEXISTS, EWRITE: the one at fault and those behind it have not appeared. */
berg_status io_whole_set_end(io_whole_set *set, berg_status status, berg_error *error);

#endif
