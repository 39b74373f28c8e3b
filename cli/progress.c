/* Progress on standard error: a bar on a terminal, lines elsewhere. */
#include "progress.h"
#include "options.h"
#include "ranks.h"

#include <math.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define BAR 24
#define REDRAW_SECONDS 0.1
#define LINE_SECONDS 5.0

static volatile sig_atomic_t interrupted; /* at once */
static volatile sig_atomic_t stopping;    /* after the unit at hand: the signal's number */

static void interrupt(int signal_number) {
  (void)signal_number;
  interrupted = 1;
}

static void stop(int signal_number) { stopping = signal_number; }

static void catch_signals(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = interrupt;
  action.sa_flags = (int)SA_RESETHAND | SA_RESTART; /* stdio gives up a write that a signal cuts short */
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  /* a program that was told to go on when its terminal closes (nohup) does */
  struct sigaction before;
  if (!sigaction(SIGHUP, NULL, &before) && before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, NULL);
}

void cli_progress_start(cli_progress *progress, bool quiet, bool resumed) {
  memset(progress, 0, sizeof *progress);
  progress->quiet = quiet || !cli_ranks_speaks();
  progress->terminal = isatty(STDERR_FILENO);
  progress->resumed = resumed;
  snprintf(progress->unit, sizeof progress->unit, "images");
  catch_signals();
}

void cli_progress_keeps(cli_progress *progress) {
  struct sigaction action;
  progress->keeps = true;
  memset(&action, 0, sizeof action);
  action.sa_handler = stop;
  action.sa_flags = (int)SA_RESETHAND | SA_RESTART;
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGUSR1, &action, NULL);
}

int cli_progress_stopped(const cli_progress *progress, const char *further) {
  char done[32], total[32];
  if (!progress->keeps || !stopping || interrupted) return CLI_GO_ON;
  cli_say("stopped by %s%s%s after %s of %s %s; %s", stopping == SIGTERM ? "SIGTERM" : "SIGUSR1",
          progress->stage ? " in " : "", progress->stage ? progress->stage : "", cli_grouped(progress->done, done),
          cli_grouped(progress->total, total), progress->unit, further);
  return CLI_EXIT_STOPPED;
}

static void clock_text(double seconds, char text[32]) {
  if (!isfinite(seconds) || seconds < 0 || seconds > 1e8) seconds = 0;
  long whole = (long)(seconds + 0.5);
  if (whole >= 3600)
    snprintf(text, 32, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
  else
    snprintf(text, 32, "%ld:%02ld", whole / 60, whole % 60);
}

static void show(cli_progress *progress, double seconds) {
  char left[32], done[32], total[32], bar[BAR + 1];
  size_t filled = progress->total ? (size_t)((double)progress->done / (double)progress->total * BAR) : 0;
  double elapsed = seconds - progress->first_seconds;
  double rate = elapsed > 0 ? (double)(progress->done - progress->first_done) / elapsed : 0;
  clock_text(rate > 0 ? (double)(progress->total - progress->done) / rate : 0, left);
  cli_grouped(progress->done, done);
  cli_grouped(progress->total, total);
  if (!progress->terminal) {
    fprintf(stderr, "berg: %s%s%s of %s %s, %.1f %s/s, %s left\n", progress->stage ? progress->stage : "",
            progress->stage ? ": " : "", done, total, progress->unit, rate, progress->unit, left);
    return;
  }
  memset(bar, ' ', BAR);
  memset(bar, '#', filled < BAR ? filled : BAR);
  bar[BAR] = '\0';
  fprintf(stderr, "\r%s%s[%s] %s/%s  %.1f %s/s  %s left\x1b[K", progress->stage ? progress->stage : "",
          progress->stage ? " " : "", bar, done, total, rate, progress->unit, left);
  progress->drawn = true;
}

static int called(void *user, size_t done, size_t total, double seconds) {
  cli_progress *progress = user;
  if (!progress->called && progress->resumed) {
    progress->first_done = done;
    progress->first_seconds = seconds;
  }
  if (!progress->called) progress->last = progress->terminal ? -REDRAW_SECONDS : 0;
  progress->called = true;
  progress->done = done;
  progress->total = total;
  double wait = progress->terminal ? REDRAW_SECONDS : LINE_SECONDS;
  if (!progress->quiet && done <= total && (seconds - progress->last >= wait || (progress->drawn && done == total))) {
    show(progress, seconds);
    progress->last = seconds;
  }
  /* one that has done the last of all ends well in no time, of several stages only the one at hand */
  return interrupted || (stopping && (done < total || progress->stage));
}

static int asked(void *user) {
  (void)user;
  return interrupted;
}

/* Each stage has its own rate; the line of the previous one is erased. */
static void stage_begins(void *user, const char *stage, const char *unit) {
  cli_progress *progress = user;
  cli_progress_end(progress);
  progress->called = false;
  progress->first_done = 0;
  progress->first_seconds = 0;
  progress->done = progress->total = 0;
  progress->stage = stage;
  snprintf(progress->unit, sizeof progress->unit, "%s", unit);
  if (!progress->quiet && !progress->terminal) cli_say("%s", stage);
}

static void warned(void *user, const char *message) {
  cli_progress *progress = user;
  cli_progress_end(progress);
  cli_say("%s", message);
}

berg_run cli_progress_run(cli_progress *progress) {
  berg_run run;
  berg_run_init(&run);
  run.progress = called;
  run.cancel = asked;
  run.user = progress;
  run.stage = stage_begins;
  run.warn = warned;
  run.ranks = cli_ranks();
  return run;
}

void cli_progress_end(cli_progress *progress) {
  if (progress->drawn) fputs("\r\x1b[K", stderr);
  progress->drawn = false;
}

berg_run cli_run_quietly(void) {
  berg_run run;
  berg_run_init(&run);
  run.cancel = asked;
  catch_signals();
  return run;
}
