/* Threads that share the pieces of a loop. Every piece is done once, by whichever thread is free, so no result depends
 * on the number of threads; where no thread can be started, the caller does all the work.
 *
 *     base_team *team = base_team_begin(threads);
 *     base_team_share(team, count, piece, user);      as often as wanted
 *     base_team_end(team);
 *
 * A thread takes a piece when it is free, and the caller waits for pieces that were taken, never for a thread: a thread
 * that wakes late finds nothing left to do and delays no one. A waiting thread spins for some microseconds and then
 * sleeps.
 *
 * Teams are kept between uses and belong to one caller at a time: callers in several threads, and pieces that
 * themselves share work, get teams of their own. The child of a fork starts without teams and makes new ones. */
#ifndef BASE_TEAM_H
#define BASE_TEAM_H

#include <stdatomic.h>
#include <stddef.h>

typedef struct base_team base_team;

/* Piece `index` of a loop. `rank` is below the number of threads that the team was begun with, and no other running
 * piece has it: it says which scratch memory to use. */
typedef void (*base_piece)(void *user, size_t index, size_t rank);

/* A team of up to `threads`, the caller counted. NULL is a team too: the caller alone. */
base_team *base_team_begin(int threads);
void base_team_end(base_team *team);
/* The largest number of threads that share the work. */
size_t base_team_size(const base_team *team);
/* Calls piece(user, i, rank) for every i < count, lower ones first, and returns when all are done. What the caller
 * wrote before is seen by the pieces, what they wrote by the caller after. Not from inside a piece of the same team. */
void base_team_share(base_team *team, size_t count, base_piece piece, void *user);

/* Begin, share and end for a single loop. */
void base_share(int threads, size_t count, base_piece piece, void *user);

/* Stores `value` where it is less than what is stored: the first index that failed, for instance, whichever thread
 * found it. */
static inline void base_note_least(atomic_size_t *least, size_t value) {
  size_t known = atomic_load_explicit(least, memory_order_relaxed);
  while (value < known &&
         !atomic_compare_exchange_weak_explicit(least, &known, value, memory_order_relaxed, memory_order_relaxed)) {
  }
}

/* For tests: from now on no team of this process gets more than `most` threads, whatever it asks for; 0: as many as can
 * be made. */
void base_team_limit(int most);

#endif
