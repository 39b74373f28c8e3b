/* The objects of a file: in alphabetical order, groups gone into where they come. */
#ifndef IO_HDF5_OBJECTS_H
#define IO_HDF5_OBJECTS_H

#include "io/hdf5/hdf5_header.h"
#include "io/hdf5/hdf5_links.h"
#include "io/hdf5/hdf5_walk.h"

typedef struct io_h5_object {
  const char *name;           /* from the root group on, which is "" */
  const io_h5_header *header; /* of a group or a dataset; NULL: a link of another kind */
  io_h5_link_kind kind;
  const char *target; /* of a link: the name, or the file, that it leads to */
} io_h5_object;

typedef struct io_h5_objects io_h5_objects;

/* Of `file`, which has been started. */
struct io_h5_objects {
  io_h5_file *file;
  /* A status that is not OK ends the visit, and is its result. */
  berg_status (*visit)(io_h5_objects *objects, const io_h5_object *object, berg_error *error);
  void *user;
  bool passes_over; /* what is damaged, instead of refusing the file */
  bool is_done;     /* set by `visit`: it is enough */
  bool is_cut;      /* out: there are more objects, or deeper ones, than are visited */
  io_h5_walk groups;
  size_t visited;
};

berg_status io_h5_each_object(io_h5_objects *objects, berg_error *error);

/* The first few names of datasets, "a, b/c, ..."; empty where there are none or they cannot be read. ELIMIT. */
berg_status io_h5_list(io_h5_file *file, char *text, size_t size, berg_error *error);

#endif
