/* Whether this process is the child of a fork: of its parent's threads only the one that forked goes on in it. */
#ifndef BASE_FORK_H
#define BASE_FORK_H

#include "base/error.h"

/* How often this process's line was forked since the library was loaded: what was noted with another count has its threads elsewhere. */
unsigned base_forks(void);

/* EINTERNAL where the process was forked since `forks` was noted: a callback that forked has come back in the child. */
berg_status base_check_fork(unsigned forks, berg_error *error);

#endif
