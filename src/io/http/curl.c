/* Loads libcurl. */
#include "io/http/curl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

static io_curl loaded;
static bool is_loaded;
static char reason[160];
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

/* POSIX has functions and objects share a representation; C does not say so. */
static bool find(void *library, const char *name, void *function) {
  void *address = dlsym(library, name);
  memcpy(function, &address, sizeof address);
  return address != NULL;
}

static bool find_all(void *library) {
  return find(library, "curl_global_init", &loaded.global_init) && find(library, "curl_easy_init", &loaded.easy_init) &&
         find(library, "curl_easy_setopt", &loaded.easy_setopt) &&
         find(library, "curl_easy_perform", &loaded.easy_perform) &&
         find(library, "curl_easy_cleanup", &loaded.easy_cleanup) &&
         find(library, "curl_easy_strerror", &loaded.easy_strerror) &&
         find(library, "curl_slist_append", &loaded.slist_append) &&
         find(library, "curl_slist_free_all", &loaded.slist_free_all);
}

/* It stays loaded: other parts of the process may have begun to use it as well. */
static bool load(void) {
  static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
  reason[0] = '\0';
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    void *library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    const bool found = library && find_all(library);
    if (found && !loaded.global_init(IO_CURL_GLOBAL_DEFAULT)) return true;
    const char *said = found ? "it cannot be started" : dlerror();
    if (!*reason) base_print(reason, sizeof reason, "%s", said ? said : names[i]);
  }
  return false;
}

berg_status io_curl_load(const io_curl **curl, berg_error *error) {
  pthread_mutex_lock(&guard);
  if (!is_loaded) is_loaded = load();
  const bool found = is_loaded;
  berg_status status = BERG_OK;
  if (!found)
    status = base_fail(error, BERG_EINTERNAL,
                       "libcurl, which fetches files, cannot be loaded (%s): install it (Debian: libcurl4; conda: "
                       "libcurl)",
                       reason);
  pthread_mutex_unlock(&guard);
  *curl = &loaded;
  return status;
}
