/* What an object of an HDF5 file says of itself beside its data. */
#ifndef IO_HDF5_ATTRIBUTES_H
#define IO_HDF5_ATTRIBUTES_H

#include "io/hdf5/hdf5_header.h"

/* Bytes as they are in the file, without zeros or spaces at the end; any status but OK ends the visit, and is its
 * result. */
typedef berg_status io_h5_visit_text(void *user, const char *name, const char *text, berg_error *error);

/* The attributes of the object whose header this is that are one text each. All others are passed over, and so are
 * those that are damaged: an object is read without them too. ELIMIT, and what the visit gives. */
berg_status io_h5_each_text(io_h5_file *file, const io_h5_header *header, io_h5_visit_text *visit, void *user,
                            berg_error *error);

#endif
