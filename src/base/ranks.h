/* Processes that share one run ("ranks", as MPI calls them): which of them this one is, and how they agree. NULL stands
 * for a process alone, rank 0 of 1.
 *
 * They meet in base_ranks_agree alone. Whoever fails goes to the next such place that it comes to, wherever in the code
 * that is, and tells the others to come, too; they fail there with its message, and meet no more. So a failure needs no
 * place of its own where it is told, and no one waits for a process that has given up. */
#ifndef BASE_RANKS_H
#define BASE_RANKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/ranks_table.h"

/* A group by a table of operations; its rank and size are the table's. EDEVICE, with what the table says; ELIMIT. */
berg_status base_ranks_from(berg_ranks **ranks, const base_ranks_table *table, berg_error *error);

size_t base_ranks_rank(const berg_ranks *ranks);
size_t base_ranks_size(const berg_ranks *ranks);
/* Whether this is rank 0, which does what is done once. */
bool base_ranks_leads(const berg_ranks *ranks);

/* Waits for all, and returns the same on all: BERG_OK, or the failure that weighs most, of the lowest rank that has it;
 * being cancelled weighs least. On other ranks `error` then begins with "rank N: ". After a failure nothing is agreed
 * upon any more, and `status` returned. */
berg_status base_ranks_agree(berg_ranks *ranks, berg_status status, berg_error *error);
/* The same; where all is well, `number` becomes the sum over all. */
berg_status base_ranks_sum(berg_ranks *ranks, berg_status status, uint64_t *number, berg_error *error);
/* The same; where all is well, `number` becomes that of rank 0. */
berg_status base_ranks_follow(berg_ranks *ranks, berg_status status, uint64_t *number, berg_error *error);

/* ECANCELLED where another rank has failed: there is no use in going on. */
berg_status base_ranks_ask(berg_ranks *ranks, berg_error *error);

#endif
