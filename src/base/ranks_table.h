/* The interface between libberg and a plug-in that joins processes: plain C, a table of functions, a version. The
 * library loads libberg_mpi.so at run time (base/ranks_open.c); the plug-in (src/mpi) links nothing of the library.
 *
 * A group belongs to the thread that opened it. */
#ifndef BASE_RANKS_TABLE_H
#define BASE_RANKS_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* Increased with every change of this file. */
#define BASE_RANKS_ABI 1
#define BASE_RANKS_SYMBOL "berg_ranks_plugin"

typedef struct base_ranks_table {
  uint32_t abi;
  size_t size;       /* of this struct */
  const char *build; /* "Open MPI 4.1.4" */
  /* Joins the group that this process was started in. Other than 0: `why`, in one line. */
  int (*open)(void **group, size_t *rank, size_t *size, char *why, size_t room);
  /* Everyone gives `bytes` bytes and gets those of all, [size][bytes] by rank. Waiting takes no processor. */
  void (*exchange)(void *group, const void *own, void *all, size_t bytes);
  /* Tells all others, whatever they are at, and does not wait. At most once. */
  void (*call)(void *group);
  /* Whether another one has called. */
  int (*called)(void *group);
  /* Waits until all of the group close it. */
  void (*close)(void *group);
} base_ranks_table;

typedef const base_ranks_table *(*base_ranks_function)(void);

#endif
