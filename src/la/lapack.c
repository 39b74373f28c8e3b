#include "la/lapack.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "base/text.h"

static la_lapack loaded;
static char reason[256];
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

static void load(void) {
  void *lapacke = dlopen("liblapacke.so.3", RTLD_NOW | RTLD_LOCAL);
  find(lapacke, "LAPACKE_dsyevd", &loaded.dsyevd);
  find(lapacke, "LAPACKE_dgeqrf", &loaded.dgeqrf);
  find(lapacke, "LAPACKE_dorgqr", &loaded.dorgqr);
  void *openblas = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  find(openblas, "openblas_get_num_threads", &loaded.get_threads);
  find(openblas, "openblas_set_num_threads", &loaded.set_threads);
}

berg_status la_lapack_load(const la_lapack **lapack, berg_error *error) {
  pthread_once(&once, load);
  *lapack = &loaded;
  return *reason ? base_fail(error, BERG_EINTERNAL, "LAPACK (liblapacke.so.3 on libopenblas.so.0) cannot be loaded: %s",
                             reason)
                 : BERG_OK;
}
