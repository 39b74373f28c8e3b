/* Where a writer puts bytes: a file, a checksum. */
#ifndef IO_SINK_H
#define IO_SINK_H

#include "io/value/value.h"
#include "io/file/whole_file.h"

typedef struct io_sink {
  berg_status (*put)(void *context, const void *bytes, size_t size, berg_error *error);
  void *context;
  const berg_run *run; /* that is asked between pieces whether to go on; NULL: nobody is */
} io_sink;

io_sink io_sink_file(io_whole_file *file);
berg_status io_put(const io_sink *sink, const void *bytes, size_t size, berg_error *error);
/* The elements of an array in C order, little-endian; contiguous ones are written directly. Not for STRING. */
berg_status io_put_array(const io_sink *sink, const berg_array *array, berg_error *error);
/* JSON text, quoted and escaped. */
berg_status io_put_quoted(const io_sink *sink, const char *text, berg_error *error);

#endif
