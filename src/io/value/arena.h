/* Memory that is released all at once, with a ceiling: what a hostile file can make a reader allocate. */
#ifndef IO_ARENA_H
#define IO_ARENA_H

#include <stddef.h>

#include "base/error.h"

typedef struct io_arena {
  struct io_block *blocks;
  size_t used, capacity; /* of the newest block */
  size_t total, limit;
} io_arena;

/* `file_size` sets the ceiling: parsed values may take 512 MiB and copies twice the file. */
void io_arena_init(io_arena *arena, size_t file_size);
void io_arena_release(io_arena *arena);
/* `size` bytes aligned to 16, not cleared; NULL with ELIMIT past the ceiling. Valid until the arena is
 * released. */
void *io_arena_take(io_arena *arena, size_t size, berg_error *error);
/* A zero-terminated copy. */
char *io_arena_text(io_arena *arena, const char *text, size_t length, berg_error *error);

#endif
