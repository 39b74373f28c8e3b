/* Loading LAPACK when it is first needed. */
#include "la/lapack.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/machine.h"
#include "base/text.h"

static la_lapack loaded;
static char reason[256];
static int threads_before; /* the host's number of threads */
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* POSIX has functions and objects share a representation; C does not say so. */
static void find(void *library, const char *name, void *function) {
  void *address = library ? dlsym(library, name) : NULL;
  memcpy(function, &address, sizeof address);
  if (!address && !*reason) {
    const char *said = dlerror();
    base_print(reason, sizeof reason, "%s", said ? said : name);
  }
}

/* The loader reports errors only as text; "cannot create shared object descriptor" is its own want of memory. */
static bool is_memory(const char *why) {
  return strstr(why, "out of memory") || strstr(why, "cannot create shared object descriptor") ||
         strstr(why, "cannot allocate") || strstr(why, strerror(ENOMEM));
}

static void load(void) {
  reason[0] = '\0';
  void *lapacke = dlopen("liblapacke.so.3", RTLD_NOW | RTLD_LOCAL);
  find(lapacke, "LAPACKE_dsyevd_work", &loaded.dsyevd);
  find(lapacke, "LAPACKE_dgeqrf_work", &loaded.dgeqrf);
  find(lapacke, "LAPACKE_dorgqr_work", &loaded.dorgqr);
  void *openblas = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  find(openblas, "openblas_get_num_threads", &loaded.get_threads);
  find(openblas, "openblas_set_num_threads", &loaded.set_threads);
}

/* A fork waits until no thread is in LAPACK. */
static void before_fork(void) { pthread_mutex_lock(&guard); }
static void after_fork(void) { pthread_mutex_unlock(&guard); }
static void watch_forks(void) { pthread_atfork(before_fork, after_fork, after_fork); }

berg_status la_lapack_enter(const la_lapack **lapack, berg_error *error) {
  pthread_once(&once, watch_forks);
  pthread_mutex_lock(&guard);
  *lapack = &loaded;
  /* on one processor, because OpenBLAS makes a thread for each when it is loaded, and ends the process where it cannot;
   * an earlier failure may have been a lack of memory that has passed */
  if (!loaded.set_threads || *reason) base_machine_on_one_processor(load);
  if (!*reason) {
    threads_before = loaded.get_threads();
    loaded.set_threads(1);
    return BERG_OK;
  }
  berg_status status = base_fail(error, is_memory(reason) ? BERG_ELIMIT : BERG_EINTERNAL,
                                 "LAPACK (liblapacke.so.3 on libopenblas.so.0) cannot be loaded: %s", reason);
  pthread_mutex_unlock(&guard);
  return status;
}

void la_lapack_leave(const la_lapack *lapack) {
  lapack->set_threads(threads_before);
  pthread_mutex_unlock(&guard);
}
