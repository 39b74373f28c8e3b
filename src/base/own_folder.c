/* Asking the loader, and the system, where this code was loaded from. */
#define _GNU_SOURCE /* dladdr */
#include "base/own_folder.h"

#include <dlfcn.h>
#include <string.h>

#include "base/error.h"
#include "base/system.h"
#include "base/text.h"

void base_own_folder(char *folder, size_t size) {
  Dl_info about;
  char program[512];
  const char *path = NULL;
  folder[0] = 0;
  if (dladdr(berg_version(), &about) && about.dli_fname) path = about.dli_fname;
  if (!path || path[0] != '/') { /* of a program: the name that it was called by, which may be anything */
    if (!base_system_program(program, sizeof program)) return;
    path = program;
  }
  const size_t length = (size_t)(strrchr(path, '/') + 1 - path);
  if (length < size) base_print(folder, size, "%.*s", (int)length, path);
}
