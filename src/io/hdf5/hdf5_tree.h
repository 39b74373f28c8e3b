/* The two kinds of B-trees, walked from end to end: each node once. */
#ifndef IO_HDF5_TREE_H
#define IO_HDF5_TREE_H

#include "io/hdf5/hdf5_file.h"

typedef enum io_h5_tree_kind {
  IO_H5_TREE_SYMBOLS = 0,    /* version 1: nodes of a group's symbol table, */
  IO_H5_TREE_CHUNKS = 1,     /* and chunks */
  IO_H5_TREE_NAMES = 5,      /* version 2: links by the hash of their names, */
  IO_H5_TREE_ATTRIBUTES = 8, /* attributes likewise, */
  IO_H5_TREE_PLAIN = 10,     /* chunks without filters, */
  IO_H5_TREE_FILTERED = 11   /* and with them */
} io_h5_tree_kind;

/* What a leaf has of one record: of version 1 the key of `key_size` bytes and then the child's address. A status that
 * is not OK ends the walk, and is its result. */
typedef berg_status io_h5_visit(void *user, io_h5_fields record, berg_error *error);

berg_status io_h5_tree_old(io_h5_file *file, uint64_t root, io_h5_tree_kind kind, size_t key_size, io_h5_visit *visit,
                           void *user, berg_error *error);
/* `header` is the address of the tree's own. */
berg_status io_h5_tree_new(io_h5_file *file, uint64_t header, io_h5_tree_kind kind, io_h5_visit *visit, void *user,
                           berg_error *error);

#endif
