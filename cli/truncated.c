/* The end of a run whose input was cut short while it was read. */
#include "truncated.h"
#include "cli.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Only what is safe in a handler. Any thread may be here, and several. */
static void end(int number, siginfo_t *about, void *context) {
  static const char line[] =
      "berg: weights, metadata or images were cut short by another program while they were read\n";
  (void)context;
  if (about->si_code == BUS_ADRERR) {
    if (write(STDERR_FILENO, line, sizeof line - 1) < 0) _exit(berg_status_exit(BERG_EMODEL));
    _exit(berg_status_exit(BERG_EMODEL));
  }
  signal(number, SIG_DFL); /* broken memory, say: the access is made again and ends the program */
}

void cli_truncated_watch(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = end;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGBUS, &action, NULL);
}
