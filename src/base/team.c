/* A team shares one word: how many pieces are left. A thread claims a piece by decrementing it. From then on the loop
 * cannot end before that piece is done, so the description of the loop can be read without a lock. */
#include "base/team.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/fork.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/thread.h"

/* How long a waiting thread spins before it sleeps: about what waking it costs, so that it loses at most as much again,
 * and a processor that others need is given up soon. */
#define LOOKING_SECONDS 60e-6
/* Spins between two readings of the clock. */
#define LOOKS 32
/* Pieces handed out at a time: what half of the word holds. */
#define PIECES_MOST ((size_t)1 << 30)

typedef struct worker {
  base_team *team;
  uint32_t rank;
  base_thread thread;
} worker;

struct base_team {
  _Atomic uint64_t left; /* upper half: ranks that may take a piece; lower half: pieces not yet taken */
  atomic_size_t done;    /* pieces finished */
  /* the current loop: written before `left`, read after a piece is taken */
  base_piece piece;
  void *user;
  size_t first, count;

  pthread_mutex_t lock;
  pthread_cond_t begun, finished;
  atomic_uint asleep;        /* workers */
  atomic_bool caller_asleep; /* or about to sleep */
  atomic_bool ending;

  worker **workers; /* [worker_count], of ranks from 1 */
  size_t worker_capacity;
  uint32_t worker_count, size;
  unsigned forks;
  base_team *next; /* in the list of idle teams */
};

/* The idle teams. */
static struct {
  pthread_mutex_t lock;
  base_team *first;
  atomic_int most; /* for tests */
} idle = {.lock = PTHREAD_MUTEX_INITIALIZER};

static inline void pause_a_little(void) {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* Whether to go on spinning: for LOOKING_SECONDS from the first call, which has `since` 0. */
static bool may_look(double *since) {
  for (int i = 0; i < LOOKS; i++) pause_a_little();
  const double now = base_machine_seconds();
  if (*since == 0) *since = now;
  return now - *since < LOOKING_SECONDS;
}

static inline bool has_pieces(uint64_t left, uint32_t rank) { return (uint32_t)left && rank < left >> 32; }

/* Does pieces while there are any; returns how many it did. */
static size_t work(base_team *team, uint32_t rank) {
  size_t did = 0;
  uint64_t left = atomic_load_explicit(&team->left, memory_order_acquire);
  while (has_pieces(left, rank)) {
    if (!atomic_compare_exchange_weak_explicit(&team->left, &left, left - 1, memory_order_acquire,
                                               memory_order_acquire))
      continue;
    team->piece(team->user, team->first + team->count - (uint32_t)left, rank);
    did++;
    left = atomic_load_explicit(&team->left, memory_order_acquire);
  }
  return did;
}

/* --- The workers --- */

/* Waits for pieces, or for the end. */
static bool wait_for_pieces(base_team *team, uint32_t rank) {
  double since = 0;
  do {
    if (has_pieces(atomic_load_explicit(&team->left, memory_order_relaxed), rank)) return true;
    if (atomic_load_explicit(&team->ending, memory_order_relaxed)) return false;
  } while (may_look(&since));
  pthread_mutex_lock(&team->lock);
  atomic_fetch_add(&team->asleep, 1);
  while (!has_pieces(atomic_load(&team->left), rank) && !atomic_load(&team->ending))
    pthread_cond_wait(&team->begun, &team->lock);
  atomic_fetch_sub(&team->asleep, 1);
  pthread_mutex_unlock(&team->lock);
  return !atomic_load(&team->ending);
}

/* The caller announces that it sleeps and then looks once more: one of the two sees the other. */
static void report(base_team *team, size_t did) {
  if (!did) return;
  /* read before: once all is done the caller may begin the next loop */
  const size_t count = team->count;
  if (atomic_fetch_add(&team->done, did) + did == count && atomic_load(&team->caller_asleep)) {
    pthread_mutex_lock(&team->lock);
    pthread_cond_signal(&team->finished);
    pthread_mutex_unlock(&team->lock);
  }
}

static void *serve(void *user) {
  const worker *self = user;
  while (wait_for_pieces(self->team, self->rank)) report(self->team, work(self->team, self->rank));
  return NULL;
}

static bool add_worker(base_team *team) {
  if (!base_grow((void **)&team->workers, &team->worker_capacity, team->worker_count + 1, sizeof *team->workers, NULL))
    return false;
  worker *one = base_alloc(1, sizeof *one, NULL);
  if (!one) return false;
  *one = (worker){.team = team, .rank = team->worker_count + 1};
  if (!base_thread_start(&one->thread, serve, one)) {
    base_free(one);
    return false;
  }
  team->workers[team->worker_count++] = one;
  return true;
}

/* --- Teams --- */

static void free_team(base_team *team) {
  pthread_mutex_lock(&team->lock);
  atomic_store(&team->ending, true);
  pthread_cond_broadcast(&team->begun);
  pthread_mutex_unlock(&team->lock);
  for (uint32_t i = 0; i < team->worker_count; i++) {
    base_thread_join(&team->workers[i]->thread);
    base_free(team->workers[i]);
  }
  pthread_mutex_destroy(&team->lock);
  pthread_cond_destroy(&team->begun);
  pthread_cond_destroy(&team->finished);
  base_free(team->workers);
  base_free(team);
}

static base_team *new_team(void) {
  base_team *team = base_calloc(1, sizeof *team, NULL);
  if (!team) return NULL;
  pthread_mutex_init(&team->lock, NULL);
  pthread_cond_init(&team->begun, NULL);
  pthread_cond_init(&team->finished, NULL);
  return team;
}

/* A fork copies the list in a consistent state; the child, which has none of the threads, forgets it. */
static void before_fork(void) { pthread_mutex_lock(&idle.lock); }
static void after_fork_in_parent(void) { pthread_mutex_unlock(&idle.lock); }
static void after_fork_in_child(void) {
  idle.first = NULL;
  pthread_mutex_init(&idle.lock, NULL);
}
static void watch_forks(void) { pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child); }

base_team *base_team_begin(int threads) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  const int most = atomic_load(&idle.most);
  if (most && threads > most) threads = most;
  if (threads < 2) return NULL;
  pthread_once(&once, watch_forks);
  pthread_mutex_lock(&idle.lock);
  base_team *team = idle.first;
  if (team) idle.first = team->next;
  pthread_mutex_unlock(&idle.lock);
  if (!team) team = new_team();
  if (!team) return NULL;
  team->forks = base_forks();
  while (team->worker_count + 1 < (uint32_t)threads && add_worker(team)) {
  }
  team->size = team->worker_count + 1 < (uint32_t)threads ? team->worker_count + 1 : (uint32_t)threads;
  return team;
}

void base_team_end(base_team *team) {
  /* in a fork's child its locks may be held by threads that do not exist here */
  if (!team || team->forks != base_forks()) return;
  pthread_mutex_lock(&idle.lock);
  team->next = idle.first;
  idle.first = team;
  pthread_mutex_unlock(&idle.lock);
}

size_t base_team_size(const base_team *team) { return team ? team->size : 1; }

/* A library that is unloaded leaves no thread behind. */
__attribute__((destructor)) static void end_idle_teams(void) {
  pthread_mutex_lock(&idle.lock);
  base_team *team = idle.first;
  idle.first = NULL;
  pthread_mutex_unlock(&idle.lock);
  while (team) {
    base_team *next = team->next;
    free_team(team);
    team = next;
  }
}

/* --- A loop --- */

static void wait_for_the_rest(base_team *team) {
  double since = 0;
  do {
    if (atomic_load_explicit(&team->done, memory_order_acquire) == team->count) return;
  } while (may_look(&since));
  pthread_mutex_lock(&team->lock);
  atomic_store(&team->caller_asleep, true);
  while (atomic_load(&team->done) != team->count) pthread_cond_wait(&team->finished, &team->lock);
  atomic_store(&team->caller_asleep, false);
  pthread_mutex_unlock(&team->lock);
}

static void share_some(base_team *team, size_t first, size_t count, base_piece piece, void *user) {
  team->piece = piece;
  team->user = user;
  team->first = first;
  team->count = count;
  atomic_store_explicit(&team->done, 0, memory_order_relaxed);
  atomic_store(&team->left, (uint64_t)team->size << 32 | count);
  if (atomic_load(&team->asleep)) {
    pthread_mutex_lock(&team->lock);
    pthread_cond_broadcast(&team->begun);
    pthread_mutex_unlock(&team->lock);
  }
  const size_t did = work(team, 0);
  if (atomic_fetch_add(&team->done, did) + did != count) wait_for_the_rest(team);
}

void base_team_share(base_team *team, size_t count, base_piece piece, void *user) {
  if (!team || team->size < 2 || count < 2 || team->forks != base_forks()) {
    for (size_t i = 0; i < count; i++) piece(user, i, 0);
    return;
  }
  for (size_t first = 0; first < count; first += PIECES_MOST)
    share_some(team, first, count - first < PIECES_MOST ? count - first : PIECES_MOST, piece, user);
}

void base_share(int threads, size_t count, base_piece piece, void *user) {
  base_team *team = base_team_begin(count < (size_t)threads ? (int)count : threads);
  base_team_share(team, count, piece, user);
  base_team_end(team);
}

void base_team_limit(int most) { atomic_store(&idle.most, most); }
