/* Libraries that are loaded while the process runs: their functions, and what the loader says where that fails. */
#ifndef BASE_LOADER_H
#define BASE_LOADER_H

#include <stdbool.h>

#include "base/error.h"

/* The function `name` of what dlopen returned, into the pointer to a function at `function`; false where there is
 * none. */
bool base_find_function(void *library, const char *name, void *function);
/* Whether dlerror's text is of want of memory: it reports errors as text alone. */
bool base_loader_lacked_memory(const char *why);
/* "`what` cannot be loaded (`why`): `remedy`", EINTERNAL; in want of memory ELIMIT, and no remedy. */
berg_status base_fail_loading(berg_error *error, const char *what, const char *why, const char *remedy);

#endif
