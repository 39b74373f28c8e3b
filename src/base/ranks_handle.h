/* What is in the handle of a group of processes. */
#ifndef BASE_RANKS_HANDLE_H
#define BASE_RANKS_HANDLE_H

#include "base/ranks.h"

struct berg_ranks {
  const base_ranks_table *table;
  void *group;
  void *library; /* that the table is in; NULL: this one */
  size_t rank, size;
  bool has_failed; /* all have agreed that it has */
  void *votes;     /* [1 + size] the own one, and those of all */
};

#endif
