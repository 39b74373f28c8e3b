/* Preloaded, it lets a process make BERG_TEST_THREADS threads and no more, as a limit on processes or memory would. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *user) {
  static atomic_int made;
  const char *most = getenv("BERG_TEST_THREADS");
  void *found = dlsym(RTLD_NEXT, "pthread_create");
  create real;
  memcpy(&real, &found, sizeof real); /* POSIX has functions and objects share a representation; C does not say so */
  if (most && atomic_fetch_add(&made, 1) >= atoi(most)) return EAGAIN;
  return real(thread, attributes, run, user);
}
