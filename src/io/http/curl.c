/* Loads libcurl. */
#include "io/http/curl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/loader.h"
#include "base/text.h"

static io_curl loaded;
static bool is_loaded;
static char reason[160];
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

static bool find_all(void *library) {
  return base_find_function(library, "curl_global_init", &loaded.global_init) &&
         base_find_function(library, "curl_easy_init", &loaded.easy_init) &&
         base_find_function(library, "curl_easy_setopt", &loaded.easy_setopt) &&
         base_find_function(library, "curl_easy_perform", &loaded.easy_perform) &&
         base_find_function(library, "curl_easy_cleanup", &loaded.easy_cleanup) &&
         base_find_function(library, "curl_easy_strerror", &loaded.easy_strerror) &&
         base_find_function(library, "curl_slist_append", &loaded.slist_append) &&
         base_find_function(library, "curl_slist_free_all", &loaded.slist_free_all);
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
    status = base_fail_loading(error, "libcurl, which fetches files,", reason,
                               "install it (Debian: libcurl4; conda: libcurl)");
  pthread_mutex_unlock(&guard);
  *curl = &loaded;
  return status;
}
