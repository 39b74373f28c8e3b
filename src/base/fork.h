/* Whether this process is the child of a fork, in which only the thread that forked survives. */
#ifndef BASE_FORK_H
#define BASE_FORK_H

#include "base/error.h"

/* How many forks lie between the loading of the library and this process. An object that noted another count has its
 * threads in another process. */
unsigned base_forks(void);

/* EINTERNAL where the process was forked since `forks` was noted: a callback has forked and returned in the child. */
berg_status base_check_fork(unsigned forks, berg_error *error);

#endif
