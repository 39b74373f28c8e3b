/* Preloaded, libcurl cannot be loaded by name, as where it is not installed. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <string.h>

void *dlopen(const char *name, int flags) {
  void *(*real)(const char *, int);
  void *found = dlsym(RTLD_NEXT, "dlopen");
  memcpy(&real, &found, sizeof real); /* POSIX has functions and objects share a representation; C does not say so */
  return real(name && strstr(name, "libcurl") ? "libcurl-that-is-not-there.so" : name, flags);
}
