/* Agreeing among processes, whatever joins them. */
#include "base/ranks.h"

#include <dlfcn.h>
#include <string.h>

#include "base/memory.h"
#include "base/ranks_handle.h"
#include "base/text.h"

/* What each gives in a meeting. */
typedef struct vote {
  uint64_t number;
  int32_t status;
  char message[sizeof((berg_error *)NULL)->message];
} vote;

berg_status base_ranks_from(berg_ranks **out, const base_ranks_table *table, berg_error *error) {
  char why[512] = "the processes could not be joined";
  *out = NULL;
  berg_ranks *ranks = base_calloc(1, sizeof *ranks, error);
  if (!ranks) return BERG_ELIMIT;
  if (table->open(&ranks->group, &ranks->rank, &ranks->size, why, sizeof why)) {
    base_free(ranks);
    return base_fail(error, BERG_EDEVICE, "%s: %s", table->build, why);
  }
  ranks->table = table;
  ranks->votes = base_calloc(ranks->size + 1, sizeof(vote), error);
  if (ranks->votes) {
    *out = ranks;
    return BERG_OK;
  }
  berg_ranks_free(ranks);
  return BERG_ELIMIT;
}

void berg_ranks_free(berg_ranks *ranks) {
  if (!ranks) return;
  ranks->table->close(ranks->group);
  if (ranks->library) dlclose(ranks->library);
  base_free(ranks->votes);
  base_free(ranks);
}

size_t base_ranks_rank(const berg_ranks *ranks) { return ranks ? ranks->rank : 0; }
size_t base_ranks_size(const berg_ranks *ranks) { return ranks ? ranks->size : 1; }
bool base_ranks_leads(const berg_ranks *ranks) { return !base_ranks_rank(ranks); }

size_t berg_ranks_rank(const berg_ranks *ranks) { return base_ranks_rank(ranks); }
size_t berg_ranks_size(const berg_ranks *ranks) { return base_ranks_size(ranks); }

/* --- Agreeing --- */

static size_t weight(const vote *one) { return one->status == BERG_ECANCELLED ? 1 : one->status ? 2 : 0; }

/* The first of those that weigh most. */
static size_t heaviest(const vote *votes, size_t count) {
  size_t most = 0;
  for (size_t i = 1; i < count; i++)
    if (weight(&votes[i]) > weight(&votes[most])) most = i;
  return most;
}

/* The votes of all are behind the own one. NULL: there is no one to meet, or no use in it. */
static const vote *meet(berg_ranks *ranks, berg_status status, uint64_t number, const berg_error *error) {
  if (!ranks || ranks->size == 1 || ranks->has_failed) return NULL;
  vote *own = ranks->votes;
  memset(own, 0, sizeof *own);
  own->number = number;
  own->status = (int32_t)status;
  base_print(own->message, sizeof own->message, "%s",
             status && error && error->message[0] ? error->message : berg_status_text(status));
  if (status) ranks->table->call(ranks->group);
  ranks->table->exchange(ranks->group, own, own + 1, sizeof *own);
  return own + 1;
}

/* What came of the votes. */
static berg_status conclude(berg_ranks *ranks, const vote *votes, berg_status status, berg_error *error) {
  const size_t worst = heaviest(votes, ranks->size);
  if (!votes[worst].status) return BERG_OK;
  ranks->has_failed = true;
  if (worst == ranks->rank) return status;
  return base_fail(error, (berg_status)votes[worst].status, "rank %zu: %s", worst, votes[worst].message);
}

berg_status base_ranks_agree(berg_ranks *ranks, berg_status status, berg_error *error) {
  const vote *votes = meet(ranks, status, 0, error);
  return votes ? conclude(ranks, votes, status, error) : status;
}

berg_status base_ranks_sum(berg_ranks *ranks, berg_status status, uint64_t *number, berg_error *error) {
  const vote *votes = meet(ranks, status, *number, error);
  if (!votes) return status;
  *number = 0;
  for (size_t i = 0; i < ranks->size; i++) *number += votes[i].number;
  return conclude(ranks, votes, status, error);
}

berg_status base_ranks_follow(berg_ranks *ranks, berg_status status, uint64_t *number, berg_error *error) {
  const vote *votes = meet(ranks, status, *number, error);
  if (!votes) return status;
  *number = votes[0].number;
  return conclude(ranks, votes, status, error);
}

berg_status berg_ranks_agree(berg_ranks *ranks, berg_status status, berg_error *error) {
  return base_ranks_agree(ranks, status, error);
}

berg_status base_ranks_ask(berg_ranks *ranks, berg_error *error) {
  if (!ranks || ranks->size == 1 || ranks->has_failed || !ranks->table->called(ranks->group)) return BERG_OK;
  return base_fail(error, BERG_ECANCELLED, "another rank has failed");
}
