/* An object header: the messages that say what a group or a dataset is. */
#ifndef IO_HDF5_HEADER_H
#define IO_HDF5_HEADER_H

#include "io/hdf5/hdf5_file.h"

typedef enum io_h5_kind {
  IO_H5_SPACE = 1,
  IO_H5_LINK_INFO = 2,
  IO_H5_TYPE = 3,
  IO_H5_LINK = 6,
  IO_H5_EXTERNAL = 7,
  IO_H5_LAYOUT = 8,
  IO_H5_FILTERS = 11,
  IO_H5_ATTRIBUTE = 12,
  IO_H5_CONTINUATION = 16,
  IO_H5_SYMBOLS = 17,
  IO_H5_ATTRIBUTE_INFO = 21
} io_h5_kind;

typedef struct io_h5_message {
  io_h5_kind kind;
  unsigned flags;
  size_t from, size; /* in header->bytes */
} io_h5_message;

typedef struct io_h5_header {
  uint64_t address;
  uint8_t *bytes;
  size_t size, room;
  io_h5_message *messages; /* of these kinds, in order */
  size_t count, message_room;
} io_h5_header;

/* `header` is empty, or has one from before. To be freed either way. */
berg_status io_h5_header_read(io_h5_header *header, io_h5_file *file, uint64_t address, berg_error *error);
void io_h5_header_free(io_h5_header *header);

/* The first message of its kind; NULL: there is none. */
const io_h5_message *io_h5_find(const io_h5_header *header, io_h5_kind kind);
io_h5_fields io_h5_fields_in(const io_h5_header *header, const io_h5_message *message);
/* A message that lies in another header (a datatype with a name) is read from there, into `other`. EINPUT also where
 * the file keeps it in a table of shared messages. */
berg_status io_h5_follow_shared(io_h5_header *other, io_h5_file *file, const io_h5_header *header,
                                const io_h5_message *message, io_h5_fields *fields, berg_error *error);

#endif
