/* The bytes of an HDF5 file: where addresses count from, how long they are, and nothing outside of the file. */
#ifndef IO_HDF5_FILE_H
#define IO_HDF5_FILE_H

#include "base/error.h"
#include "io/file/stamp.h"
#include "io/hdf5/hdf5_fields.h"

typedef struct io_h5_file {
  const char *path, *name; /* of the dataset that is asked for; for messages */
  int raw;
  uint64_t bytes;
  io_stamp stamp; /* when it was opened */
  uint64_t base;  /* of all addresses: the bytes of a user block before it */
  size_t offset_size, length_size;
  uint64_t root;   /* address of the root group's object header */
  bool is_unread;  /* the system has not given some of its bytes: nothing can be said of what is not in it */
  uint64_t budget; /* bytes of metadata that may still be read: blocks that point at each other end */
} io_h5_file;

/* A piece of metadata, whose memory serves the next one too. */
typedef struct io_h5_block {
  uint8_t *bytes;
  size_t size, room;
  uint64_t address;
} io_h5_block;

/* Opens a regular file for reading, and nothing of it is read yet. A pipe is refused, not waited for. EINPUT. */
berg_status io_h5_open(io_h5_file *file, const char *path, const char *name, berg_error *error);
/* Where in file->raw the superblock is. EINPUT: nowhere, it is no HDF5. */
berg_status io_h5_find_start(io_h5_file *file, berg_error *error);
/* The superblock of file->raw, whose `bytes` are known. EINPUT: not HDF5, cut short, of an unknown version, open in its
 * writer or left so. */
berg_status io_h5_start(io_h5_file *file, berg_error *error);

/* EINPUT: "path: name: is damaged: what, at byte N". */
berg_status io_h5_damaged(const io_h5_file *file, uint64_t address, const char *what, berg_error *error);
/* EINPUT: "path: name: what: found". */
berg_status io_h5_refuse(const io_h5_file *file, const char *what, const char *found, berg_error *error);

bool io_h5_is_inside(const io_h5_file *file, uint64_t address, uint64_t size);
/* `size` bytes at an address, all of which are there. */
berg_status io_h5_read(io_h5_file *file, uint64_t address, void *data, size_t size, berg_error *error);
/* Metadata: they count against the budget. */
berg_status io_h5_load(io_h5_file *file, io_h5_block *block, uint64_t address, uint64_t size, berg_error *error);
/* The same, beginning with a signature of four letters and, with `is_summed`, ending in a checksum; `what` it is. */
berg_status io_h5_load_signed(io_h5_file *file, io_h5_block *block, uint64_t address, uint64_t size,
                              const char *signature, bool is_summed, const char *what, berg_error *error);
/* The fields of a block from byte `from` on. */
io_h5_fields io_h5_fields_of(const io_h5_block *block, size_t from);

#endif
