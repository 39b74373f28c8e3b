/* Giving back the pages of a whole map by several threads. */
#include "base/team.h"
#include "io/file/map.h"

/* A smaller piece is not worth a thread; several pieces for each, because the resident pages may all lie in one
 * part. */
#define PIECE ((size_t)32 << 20)
#define MAX_THREADS 8

static void drop_piece(void *map, size_t index, size_t rank) {
  (void)rank;
  io_map_drop(map, index * PIECE, PIECE);
}

void io_map_drop_all(const io_map *map, int threads) {
  base_share(threads < MAX_THREADS ? threads : MAX_THREADS, (map->size + PIECE - 1) / PIECE, drop_piece, (void *)map);
}
