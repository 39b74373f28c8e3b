/* Writing a zip archive of stored members whose data are aligned to 64 bytes, so that they can be mapped. */
#ifndef IO_ZIP_WRITE_H
#define IO_ZIP_WRITE_H

#include "io/container/sink.h"

/* Puts a member's bytes; called twice, first for the checksum that stands before them, and must put the same
 * both times. */
typedef berg_status (*io_produce_fn)(void *context, const io_sink *sink, berg_error *error);

typedef struct io_zip_writer {
  io_sink sink;
  uint64_t offset;
  struct io_zip_record *records;
  size_t count, capacity;
} io_zip_writer;

void io_zip_writer_init(io_zip_writer *writer, const io_sink *sink);
berg_status io_zip_writer_add(io_zip_writer *writer, const char *name, io_produce_fn produce, void *context,
                              berg_error *error);
/* The directory. */
berg_status io_zip_writer_finish(io_zip_writer *writer, berg_error *error);
void io_zip_writer_release(io_zip_writer *writer);

#endif
