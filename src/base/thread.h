/* One thread beside the caller, for what waits rather than computes: reading ahead, writing behind. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Stack of every thread that the library starts, whatever the host's limits say: the largest frames are 200 KB (a slab
 * of weights). */
#define BASE_STACK_BYTES ((size_t)2 << 20)

typedef struct base_thread {
  pthread_t id;
  unsigned forks; /* of the process that started it */
  bool started;
} base_thread;

/* Starts `run`; signals are left to the host's own threads. False: no thread could be started, and the caller does the
 * work itself. */
bool base_thread_start(base_thread *thread, void *(*run)(void *), void *user);
/* Joins it; returns at once where it was not started, or belongs to a parent process. */
void base_thread_join(base_thread *thread);
/* Whether it can be joined. */
bool base_thread_is_here(const base_thread *thread);

#endif
