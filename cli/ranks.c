/* Joining the processes of an --mpi run, and ending them together. */
#include "ranks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static berg_ranks *ranks;
static bool asked;
static berg_error last; /* of a process that does not speak */

bool *cli_ranks_flag(void) { return &asked; }

berg_ranks *cli_ranks(void) { return ranks; }

bool cli_ranks_speaks(void) { return !ranks || !berg_ranks_rank(ranks); }

static void keep(const char *message) { snprintf(last.message, sizeof last.message, "%s", message); }

static bool has_option(int argc, char **argv) {
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
    if (!strcmp(argv[i], "--mpi")) return true;
  return false;
}

/* Where MPI is not there to ask, what starts processes says which one this is. */
static bool is_first(void) {
  static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *rank = getenv(names[i]);
    if (rank) return !strcmp(rank, "0");
  }
  return true;
}

/* Results are printed once, too. */
static void be_silent(void) {
  cli_say_to(keep);
  const int nowhere = open("/dev/null", O_WRONLY);
  if (nowhere < 0) return;
  dup2(nowhere, STDOUT_FILENO);
  close(nowhere);
}

int cli_ranks_start(int argc, char **argv) {
  berg_error error;
  if (!has_option(argc, argv)) return CLI_GO_ON;
  const berg_status failed = berg_ranks_open(&ranks, NULL, &error);
  if (failed) return is_first() ? cli_fail(&error) : berg_status_exit(failed);
  if (!cli_ranks_speaks()) be_silent();
  return CLI_GO_ON;
}

static berg_status status_of(int exit_status) {
#define X(name, number, exit, text) \
  if (exit_status == exit) return BERG_##name;
  BERG_STATUS_MAP(X)
#undef X
  return BERG_ECANCELLED; /* asked to stop */
}

int cli_ranks_end(int status) {
  if (!ranks) return status;
  const berg_status failed = berg_ranks_agree(ranks, status_of(status), &last);
  if (failed && !status) status = cli_fail(&last);
  fflush(stderr);
  berg_ranks_free(ranks);
  ranks = NULL;
  return status;
}
