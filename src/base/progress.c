#include "base/progress.h"

#include <stdbool.h>

#include "base/fork.h"
#include "base/machine.h"

berg_status base_progress(const berg_run *run, size_t done, size_t total, double start, const char *what,
                          berg_error *error) {
  if (!run || !run->progress) return BERG_OK;
  const unsigned forks = base_forks();
  const bool cancelled = run->progress(run->user, done, total, base_machine_seconds() - start);
  berg_status status = base_check_fork(forks, error);
  if (status || !cancelled) return status;
  const char *space = what ? " " : "";
  if (!what) what = "";
  if (done == total)
    return base_fail(error, BERG_ECANCELLED, "cancelled after the last of %zu%s%s", total, space, what);
  return base_fail(error, BERG_ECANCELLED, "cancelled after %zu of %zu%s%s", done, total, space, what);
}
