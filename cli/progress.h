/* The progress of a long run, on standard error: a bar with rate and time left on a terminal, a plain line every few
 * seconds elsewhere, nothing when quiet. Meanwhile SIGINT, SIGTERM, SIGHUP cancel the run at once, where it can be
 * gone on from, instead of killing it; of a run that keeps what it does, SIGTERM and SIGUSR1, with which schedulers ask
 * for the end, let it finish the unit at hand. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli.h"

typedef struct cli_progress {
  bool quiet;
  bool terminal;
  bool resumed; /* what the first call finds done was done by an earlier run, and does not count in the rate */
  bool keeps;   /* SIGTERM and SIGUSR1 stop it after the unit at hand */
  bool called;
  bool drawn; /* a bar stands on the line */
  size_t first_done;
  double first_seconds;
  double last;        /* when something was last shown */
  size_t done, total; /* as last reported */
  const char *stage;  /* of a run with several; NULL: it has one */
  char unit[24];      /* what is counted */
} cli_progress;

/* Begins to catch the signals. A second signal kills as usual. */
void cli_progress_start(cli_progress *progress, bool quiet, bool resumed);
/* After the start, of a run whose work is kept: SIGTERM and SIGUSR1 stop it after the unit at hand. */
void cli_progress_keeps(cli_progress *progress);
#define CLI_RESUMES "the same command with --resume goes on"
/* Of such a run that was cancelled: where a signal stopped it, says so and `further`, and returns CLI_EXIT_STOPPED;
 * else CLI_GO_ON, it was interrupted. */
int cli_progress_stopped(const cli_progress *progress, const char *further);
/* What to pass to the library; `progress` must outlive the run. */
berg_run cli_progress_run(cli_progress *progress);
/* For a command that shows no progress: begins to catch the signals too. */
berg_run cli_run_quietly(void);
/* Erases the bar. */
void cli_progress_end(cli_progress *progress);

#endif
