/* Counting forks. */
#include "base/fork.h"

#include <pthread.h>
#include <stdatomic.h>

static atomic_uint forks;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void count(void) { atomic_fetch_add_explicit(&forks, 1, memory_order_relaxed); }

static void watch(void) { pthread_atfork(NULL, NULL, count); }

unsigned base_forks(void) {
  pthread_once(&once, watch);
  return atomic_load_explicit(&forks, memory_order_relaxed);
}

berg_status base_check_fork(unsigned noted, berg_error *error) {
  if (base_forks() == noted) return BERG_OK;
  return base_fail(error, BERG_EINTERNAL,
                   "this process was forked inside a call of the library, whose threads stayed with the parent: begin "
                   "again in the child");
}
