/* Loads cairo. */
#include "report/cairo.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/loader.h"
#include "base/text.h"

static report_cairo loaded;
static bool is_loaded;
static char reason[160];
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

/* It stays loaded: fonts that it has found stay with it. */
static bool load(void) {
  void *library = dlopen("libcairo.so.2", RTLD_NOW | RTLD_LOCAL);
#define FIND(result, name, arguments) &&base_find_function(library, "cairo_" #name, &loaded.name)
  const bool found = library REPORT_CAIRO_FUNCTIONS(FIND);
  if (!found) base_print(reason, sizeof reason, "%s", dlerror());
  return found;
}

berg_status report_cairo_load(const report_cairo **cairo, berg_error *error) {
  pthread_mutex_lock(&guard);
  if (!is_loaded) is_loaded = load();
  berg_status status = BERG_OK;
  if (!is_loaded)
    status = base_fail_loading(error, "cairo, which draws figures as PNG and PDF,", reason,
                               "install it (Debian: libcairo2; conda: cairo), or ask for SVG, which needs none");
  pthread_mutex_unlock(&guard);
  *cairo = &loaded;
  return status;
}
