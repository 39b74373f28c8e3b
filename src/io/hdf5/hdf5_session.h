/* Exclusive, silent use of libhdf5, for writing: most builds of it are not thread-safe, and it prints its errors unless
 * told not to. The program's own setting of error printing is restored on leaving. */
#ifndef IO_HDF5_SESSION_H
#define IO_HDF5_SESSION_H

/* The API of HDF5 1.10, which later releases keep under this name. */
#define H5_USE_110_API
#include <hdf5.h>
#include <stdbool.h>

#include "base/error.h"

typedef struct io_hdf5_session {
  char reason[160]; /* the innermost one that libhdf5 gave for its last failure */
  bool no_memory;   /* a failure since enter was lack of memory: errors that follow from it may say something else */
  H5E_auto2_t print;
  void *print_data;
} io_hdf5_session;

/* The session stays where it is until leave. After an error in one, libhdf5 is not closed when the process ends. */
void io_hdf5_enter(io_hdf5_session *session);
void io_hdf5_leave(const io_hdf5_session *session);
/* A file that is empty, new or in the place of another, in the oldest format, by which the same responses are the same
 * bytes with every release of libhdf5. It is not locked: its name is one that no one else has, and there are file
 * systems without locks. Negative where libhdf5 cannot make it. */
hid_t io_hdf5_create(const char *path);
/* The status of a failure for the caller: `status`, or ELIMIT where memory was short. */
berg_status io_hdf5_status(const io_hdf5_session *session, berg_status status);

#endif
