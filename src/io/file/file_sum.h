/* Size and checksum of a whole file, read in order with little memory: whether it is still what was written. */
#ifndef IO_FILE_SUM_H
#define IO_FILE_SUM_H

#include "base/error.h"

#define IO_FILE_SUM_TEXT 17 /* 16 hexadecimal digits and the terminating zero */

typedef struct io_file_sum {
  uint64_t size;
  char text[IO_FILE_SUM_TEXT];
} io_file_sum;

/* `run` (may be NULL): whose `cancel` is asked. EINPUT: missing, unreadable; ECANCELLED. */
berg_status io_sum_file(io_file_sum *sum, const char *path, const berg_run *run, berg_error *error);

#endif
