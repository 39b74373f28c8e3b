/* Sorting what two sides say of all pairs, for ranks: stable merges, shared by threads, the same for any number of
 * them. */
#ifndef QUERY_RANK_SORT_H
#define QUERY_RANK_SORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/progress.h"
#include "base/team.h"

typedef struct query_record {
  double a, b;
} query_record;

typedef enum query_order { QUERY_ORDER_A, QUERY_ORDER_B, QUERY_ORDER_A_THEN_B } query_order;

/* Sorts `records` [count] with `other` [count] as scratch; the result is in `*sorted`, one of the two. `inversions`,
 * unless NULL, gets the number of pairs of records that were the other way round. ECANCELLED: `run`, which may be NULL,
 * ends it; the records are then in any order. */
berg_status query_sort(query_record **sorted, query_record *records, query_record *other, size_t count,
                       query_order order, base_team *team, const berg_run *run, uint64_t *inversions,
                       berg_error *error);

#endif
