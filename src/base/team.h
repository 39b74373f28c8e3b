/* Threads that share the pieces of a loop. Every piece is done once, by whichever thread has time for one, so no result depends on how
 * many threads there are: a team that could not be made is the caller alone.
 *
 *     base_team *team = base_team_begin(threads);
 *     base_team_share(team, count, piece, user);      as often as wanted
 *     base_team_end(team);
 *
 * A thread takes a piece when it is free, and the caller waits for pieces that were taken, never for a thread: one that comes late
 * finds nothing left to do and delays nobody. Whoever waits looks around for some microseconds and then sleeps.
 *
 * Teams are kept between uses and belong to one caller at a time: callers in several threads, and pieces that share something
 * themselves, get teams of their own. In the child of a fork there are none, and new ones are made. */
#ifndef BASE_TEAM_H
#define BASE_TEAM_H

#include <stdatomic.h>
#include <stddef.h>

typedef struct base_team base_team;

/* Piece `index` of a loop. `rank` is below the number of threads that the team was begun with, and is nobody else's while the piece runs:
 * whose scratch memory to use. */
typedef void (*base_piece)(void *user, size_t index, size_t rank);

/* A team of up to `threads`, the caller counted. NULL is a team too: the caller alone. */
base_team *base_team_begin(int threads);
void base_team_end(base_team *team);
/* How many threads share, at the most. */
size_t base_team_size(const base_team *team);
/* Calls piece(user, i, rank) for every i < count, lower ones first, and comes back when all are done. What the caller wrote before
 * is seen by the pieces, what they wrote by the caller after. Not from inside a piece of the same team. */
void base_team_share(base_team *team, size_t count, base_piece piece, void *user);

/* All of that for one loop. */
void base_share(int threads, size_t count, base_piece piece, void *user);

/* Notes `value` where it is less than what is noted: the first index that failed, say, whoever came upon it. */
static inline void base_note_least(atomic_size_t *least, size_t value) {
  size_t known = atomic_load_explicit(least, memory_order_relaxed);
  while (value < known &&
         !atomic_compare_exchange_weak_explicit(least, &known, value, memory_order_relaxed, memory_order_relaxed)) {
  }
}

/* For tests: from now on no team of this process gets more than `most` threads, whatever it asks for; 0: as many as can be made. */
void base_team_limit(int most);

#endif
