/* The nodes of a tree, or the blocks of a header: each is visited once, in the order in which they are found. */
#ifndef IO_HDF5_WALK_H
#define IO_HDF5_WALK_H

#include "io/hdf5/hdf5_file.h"

typedef struct io_h5_node {
  uint64_t address, size;
  unsigned level;
} io_h5_node;

typedef struct io_h5_walk {
  io_h5_node *nodes;
  size_t count, room, done;
  uint64_t *seen; /* a hash table of addresses plus one, 0: free */
  size_t slots;
} io_h5_walk;

/* EINPUT: the address is among them already. */
berg_status io_h5_walk_add(io_h5_walk *walk, const io_h5_file *file, io_h5_node node, berg_error *error);
bool io_h5_walk_has(const io_h5_walk *walk, uint64_t address);
/* False: all have been visited. */
bool io_h5_walk_next(io_h5_walk *walk, io_h5_node *node);
void io_h5_walk_free(io_h5_walk *walk);

#endif
