/* The links of a group, by which objects have names. */
#ifndef IO_HDF5_LINKS_H
#define IO_HDF5_LINKS_H

#include "io/hdf5/hdf5_file.h"

#define IO_H5_NAME_MAX ((size_t)4096)

typedef enum io_h5_link_kind { IO_H5_HARD = 0, IO_H5_SOFT = 1, IO_H5_ELSEWHERE = 64 } io_h5_link_kind;

/* Texts without a zero at the end, valid while the link is visited. The target of one that leads elsewhere is the name
 * of a file, a zero, and a name in that file. */
typedef struct io_h5_link {
  const char *name, *target;
  size_t name_size, target_size;
  io_h5_link_kind kind;
  uint64_t header; /* of a hard one: the object's */
} io_h5_link;

typedef struct io_h5_each {
  /* A status that is not OK ends the visit, and is its result. */
  berg_status (*visit)(void *user, const io_h5_link *link, berg_error *error);
  void *user;
  const char *name; /* only links that may have this name need be visited; NULL: all */
  size_t name_size;
} io_h5_each;

/* The links of the group whose object header is there, in no order. `is_group` tells whether it is one; without any
 * links it is not visited. */
berg_status io_h5_each_link(io_h5_file *file, uint64_t group, const io_h5_each *each, bool *is_group,
                            berg_error *error);

/* The object header of the dataset file->name, along soft links; NONE where there is none of that name. */
berg_status io_h5_find_object(io_h5_file *file, uint64_t *header, berg_error *error);

#endif
