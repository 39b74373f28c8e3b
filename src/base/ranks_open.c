/* Finding and loading the plug-in that joins processes. */
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include "base/loader.h"
#include "base/own_folder.h"
#include "base/ranks_handle.h"
#include "base/text.h"

#define PLUGIN "libberg_mpi.so"

typedef struct place {
  char path[512];
  char found[200];
} place;

/* Beside this code, where libraries are installed, and wherever the loader looks; or as given. */
static size_t list_places(place places[3], const char *given) {
  char folder[480];
  if (given) return base_print(places[0].path, sizeof places[0].path, "%s", given), 1;
  base_own_folder(folder, sizeof folder);
  base_print(places[0].path, sizeof places[0].path, "%s" PLUGIN, folder);
  base_print(places[1].path, sizeof places[1].path, BERG_LIBDIR "/" PLUGIN);
  base_print(places[2].path, sizeof places[2].path, PLUGIN);
  return 3;
}

static const base_ranks_table *table_in(void *library, place *where) {
  base_ranks_function function;
  *(void **)&function = dlsym(library, BASE_RANKS_SYMBOL); /* as POSIX has it */
  const base_ranks_table *table = function ? function() : NULL;
  if (table && table->abi == BASE_RANKS_ABI && table->size == sizeof *table) return table;
  if (!table)
    base_print(where->found, sizeof where->found, "not a plug-in: it has no %s", BASE_RANKS_SYMBOL);
  else
    base_print(where->found, sizeof where->found, "of another version: its interface is %u, expected %u", table->abi,
               BASE_RANKS_ABI);
  return NULL;
}

/* MPI's own plug-ins look for its names among those of the whole program, and it does not stand being unloaded. */
static const base_ranks_table *load(place *where, void **library) {
  if (strchr(where->path, '/') && access(where->path, F_OK)) {
    base_print(where->found, sizeof where->found, "not there");
    return NULL;
  }
  *library = dlopen(where->path, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
  if (!*library) {
    const char *why = dlerror(); /* "path: why" */
    const size_t length = strlen(where->path);
    if (!strncmp(why, where->path, length) && why[length] == ':') why += length + 1 + strspn(why + length + 1, " ");
    base_print(where->found, sizeof where->found, "%s", why);
    return NULL;
  }
  const base_ranks_table *table = table_in(*library, where);
  if (!table) dlclose(*library);
  return table;
}

berg_status berg_ranks_open(berg_ranks **ranks, const char *plugin, berg_error *error) {
  place places[3];
  char all[640] = "";
  *ranks = NULL;
  const size_t count = list_places(places, plugin);
  for (size_t i = 0, used = 0; i < count; i++) {
    void *library = NULL;
    const base_ranks_table *table = load(&places[i], &library);
    if (table) {
      berg_status status = base_ranks_from(ranks, table, error);
      if (status)
        dlclose(library);
      else
        (*ranks)->library = library;
      return status;
    }
    const int written =
        base_print(all + used, sizeof all - used, "%s%.100s: %.100s", i ? "; " : "", places[i].path, places[i].found);
    used += written > 0 && used + (size_t)written < sizeof all ? (size_t)written : 0;
  }
  for (size_t i = 0; i < count; i++)
    if (base_loader_lacked_memory(places[i].found))
      return base_fail(error, BERG_ELIMIT, "the plug-in for MPI: out of memory (%s)", all);
  return base_fail(error, BERG_EDEVICE, "no plug-in for MPI, which `make mpi` builds: %s", all);
}
