/* One at a time in libhdf5, and quietly: most builds of it are not thread-safe, and it prints its errors
 * unless told not to. What the program had set for its own error printing is put back by leave. */
#ifndef IO_HDF5_SESSION_H
#define IO_HDF5_SESSION_H

/* The API of HDF5 1.10, which later releases keep under this name. */
#define H5_USE_110_API
#include <hdf5.h>
#include <stdbool.h>

#include "base/error.h"

typedef struct io_hdf5_session {
  char reason[160]; /* the innermost one that libhdf5 gave for its last failure */
  bool no_memory;   /* a failure since enter was for want of memory: what it leads to may tell of something else */
  H5E_auto2_t print;
  void *print_data;
} io_hdf5_session;

/* The session stays where it is until leave. */
void io_hdf5_enter(io_hdf5_session *session);
void io_hdf5_leave(const io_hdf5_session *session);
/* What a failure is to the caller: `status`, or ELIMIT where memory was short. */
berg_status io_hdf5_status(const io_hdf5_session *session, berg_status status);

#endif
