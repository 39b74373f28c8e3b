/* Memory that is released at once. */
#include "io/value/arena.h"

#include <stdint.h>
#include <string.h>

#include "base/memory.h"

#define GRAIN 16
#define BLOCK_SIZE 65536

typedef struct io_block {
  struct io_block *next;
  char padding[BASE_ALIGNMENT - sizeof(struct io_block *)];
} io_block;

void io_arena_init(io_arena *arena, size_t file_size) {
  *arena = (io_arena){0};
  arena->limit = ((size_t)512 << 20) + (file_size < SIZE_MAX / 8 ? 2 * file_size : 0);
}

void io_arena_release(io_arena *arena) {
  for (io_block *block = arena->blocks, *next; block; block = next) {
    next = block->next;
    base_free(block);
  }
  arena->blocks = NULL;
  arena->used = arena->capacity = arena->total = 0;
}

static void *new_block(io_arena *arena, size_t size, berg_error *error) {
  io_block *block = base_alloc(1, sizeof *block + size, error);
  if (!block) return NULL;
  arena->total += size;
  block->next = arena->blocks;
  arena->blocks = block;
  return block + 1;
}

void *io_arena_take(io_arena *arena, size_t size, berg_error *error) {
  if (size > arena->limit - arena->total) {
    base_fail(error, BERG_ELIMIT, "a file asks for more memory than its size warrants: more than %zu bytes",
              arena->limit);
    return NULL;
  }
  size_t rounded = size ? (size + GRAIN - 1) / GRAIN * GRAIN : GRAIN;
  if (rounded > BLOCK_SIZE / 4) {
    /* a block of its own, put behind the newest, which continues to be filled */
    io_block *newest = arena->blocks;
    char *bytes = new_block(arena, rounded, error);
    if (bytes && newest) {
      io_block *own = arena->blocks;
      own->next = newest->next;
      newest->next = own;
      arena->blocks = newest;
    } else if (bytes) {
      arena->used = arena->capacity = 0;
    }
    return bytes;
  }
  if (!arena->blocks || rounded > arena->capacity - arena->used) {
    if (!new_block(arena, BLOCK_SIZE, error)) return NULL;
    arena->used = 0;
    arena->capacity = BLOCK_SIZE;
  }
  void *taken = (char *)(arena->blocks + 1) + arena->used;
  arena->used += rounded;
  return taken;
}

char *io_arena_text(io_arena *arena, const char *text, size_t length, berg_error *error) {
  char *copy = length < SIZE_MAX ? io_arena_take(arena, length + 1, error) : NULL;
  if (copy) {
    if (length) memcpy(copy, text, length);
    copy[length] = '\0';
  }
  return copy;
}
