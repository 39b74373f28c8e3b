/* Reporting the progress of a long run to the caller. */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Calls run->progress where there is one; `start` is of base_machine_seconds, `what` is counted ("images"; NULL: not
 * said). ECANCELLED: the callback asked to end the run, or another rank has failed. EINTERNAL: it forked, and this is
 * the child, which cannot continue the run. */
berg_status base_progress(const berg_run *run, size_t done, size_t total, double start, const char *what,
                          berg_error *error);

/* Calls run->cancel where there is one. ECANCELLED, EINTERNAL: as above. */
berg_status base_ask_cancel(const berg_run *run, berg_error *error);

/* Whether a loop that threads share goes on: `run` and `error` are its caller's, who looks at `status` behind it. */
typedef struct base_asking {
  const berg_run *run;
  berg_error *error;
  atomic_int status;
} base_asking;

/* True once the caller asks for the end. The thread of rank 0, which is the caller's own, asks; the others see what it
 * was told. */
bool base_asking_ended(base_asking *asking, size_t rank);

/* Hands one line to `warn`, where there is one. EINTERNAL: it forked, as above. */
berg_status base_warn(berg_warn_fn warn, void *user, berg_error *error, const char *format, ...) BASE_PRINTF(4, 5);

#endif
