/* --mpi: this process is one of several that share the work, and the first of them speaks for all. */
#ifndef CLI_RANKS_H
#define CLI_RANKS_H

#include "options.h"

#define CLI_MPI_OPTION                                                                                           \
  {                                                                                                              \
    "mpi", 0, CLI_FLAG, cli_ranks_flag(), NULL,                                                                  \
        "Under mpirun or srun: the processes share the work, to the same bytes. Needs `make mpi` (docs/mpi.md)." \
  }

/* Where the option table notes that --mpi was given; cli_ranks_start has acted on it by then. */
bool *cli_ranks_flag(void);

/* Before anything is said: joins the others where the arguments have --mpi. From then on the first one alone prints.
 * CLI_GO_ON, or the exit status of what was said. */
int cli_ranks_start(int argc, char **argv);
/* NULL: this process is alone. */
berg_ranks *cli_ranks(void);
/* Whether this process speaks: it is the first, or alone. */
bool cli_ranks_speaks(void);
/* At the end: an exit status that is 0 only where all have 0; what failed in another is said. */
int cli_ranks_end(int status);

#endif
