/* Preloaded, the libraries that $WITHOUT names cannot be loaded by name, as where they are not installed: it holds the
 * beginnings of their names, with spaces between. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static int is_named(const char *names, const char *library) {
  while (names && *names) {
    const size_t length = strcspn(names, " ");
    if (!strncmp(library, names, length)) return 1;
    names += length + strspn(names + length, " ");
  }
  return 0;
}

void *dlopen(const char *name, int flags) {
  void *(*real)(const char *, int);
  void *found = dlsym(RTLD_NEXT, "dlopen");
  memcpy(&real, &found, sizeof real); /* POSIX has functions and objects share a representation; C does not say so */
  return real(name && is_named(getenv("WITHOUT"), name) ? "this-library-is-not-there.so" : name, flags);
}
