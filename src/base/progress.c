/* Calling progress, and ending what was cancelled or forked. */
#include "base/options.h"
#include "base/progress.h"

#include <stdarg.h>
#include <stdbool.h>

#include "base/fork.h"
#include "base/machine.h"
#include "base/ranks.h"

void(berg_run_init)(berg_run *run, size_t size) {
  const berg_run defaults = {0};
  base_options_init(run, size, &defaults, sizeof defaults);
}

berg_status base_progress(const berg_run *run, size_t done, size_t total, double start, const char *what,
                          berg_error *error) {
  if (!run) return BERG_OK;
  berg_status failed = base_ranks_ask(run->ranks, error);
  if (failed || !run->progress) return failed;
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

berg_status base_ask_cancel(const berg_run *run, berg_error *error) {
  if (!run) return BERG_OK;
  berg_status failed = base_ranks_ask(run->ranks, error);
  if (failed || !run->cancel) return failed;
  const unsigned forks = base_forks();
  const bool cancelled = run->cancel(run->user);
  berg_status status = base_check_fork(forks, error);
  return status || !cancelled ? status : base_fail(error, BERG_ECANCELLED, "cancelled");
}

bool base_asking_ended(base_asking *asking, size_t rank) {
  int status = atomic_load_explicit(&asking->status, memory_order_relaxed);
  if (rank || status) return status != BERG_OK;
  status = (int)base_ask_cancel(asking->run, asking->error);
  atomic_store_explicit(&asking->status, status, memory_order_relaxed);
  return status != BERG_OK;
}

berg_status base_warn(berg_warn_fn warn, void *user, berg_error *error, const char *format, ...) {
  if (!warn) return BERG_OK;
  berg_error line;
  va_list list;
  va_start(list, format);
  base_fail_list(&line, BERG_OK, format, list);
  va_end(list);
  const unsigned forks = base_forks();
  warn(user, line.message);
  return base_check_fork(forks, error);
}
