/* Asking the dynamic loader. */
#include "base/loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

/* POSIX has functions and objects share a representation; C does not say so. */
bool base_find_function(void *library, const char *name, void *function) {
  void *address = dlsym(library, name);
  memcpy(function, &address, sizeof address);
  return address != NULL;
}

/* glibc's texts; "cannot create shared object descriptor" is its own want of memory. */
bool base_loader_lacked_memory(const char *why) {
  return strstr(why, "out of memory") || strstr(why, "cannot create shared object descriptor") ||
         strstr(why, "cannot allocate") || strstr(why, strerror(ENOMEM));
}

berg_status base_fail_loading(berg_error *error, const char *what, const char *why, const char *remedy) {
  if (base_loader_lacked_memory(why))
    return base_fail(error, BERG_ELIMIT, "%s cannot be loaded: out of memory (%s)", what, why);
  return base_fail(error, BERG_EINTERNAL, "%s cannot be loaded (%s): %s", what, why, remedy);
}
