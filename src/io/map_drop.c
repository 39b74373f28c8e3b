#include <pthread.h>
#include <stdatomic.h>

#include "io/map.h"

/* Less than a piece is not worth a thread; some pieces for each, because pages may be resident in one part alone. */
#define PIECE ((size_t)32 << 20)
#define MAX_THREADS 8

typedef struct work {
  const io_map *map;
  atomic_size_t next; /* byte */
} work;

static void *drop_pieces(void *user) {
  work *w = user;
  for (size_t at; (at = atomic_fetch_add(&w->next, PIECE)) < w->map->size;) io_map_drop(w->map, at, PIECE);
  return NULL;
}

/* Threads of its own, because OpenMP's are not there in a process that was forked, which may close what it inherited. */
void io_map_drop_all(const io_map *map, int threads) {
  pthread_t others[MAX_THREADS - 1];
  work w = {.map = map, .next = 0};
  size_t started = 0;
  const size_t pieces = map->size / PIECE;
  const size_t most = threads < 1 ? 1 : threads < MAX_THREADS ? (size_t)threads : MAX_THREADS;
  while (started + 1 < most && started + 1 < pieces && !pthread_create(&others[started], NULL, drop_pieces, &w))
    started++;
  drop_pieces(&w);
  for (size_t i = 0; i < started; i++) pthread_join(others[i], NULL);
}
