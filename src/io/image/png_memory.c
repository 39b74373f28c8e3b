/* Memory for libspng and zlib. */
#include "io/image/png_memory.h"

#include <string.h>

#include "base/memory.h"

static _Thread_local bool lacking;

typedef struct block {
  _Alignas(BASE_ALIGNMENT) size_t size; /* of what follows */
} block;

static void *allocate_again(void *old, size_t size) {
  size_t whole;
  block *before = old ? (block *)old - 1 : NULL;
  block *made = base_add(size, sizeof *made, &whole) ? base_alloc(whole, 1, NULL) : NULL;
  lacking = lacking || !made;
  if (!made) return NULL;
  made->size = size;
  if (before) memcpy(made + 1, before + 1, before->size < size ? before->size : size);
  base_free(before);
  return made + 1;
}

static void *allocate(size_t size) { return allocate_again(NULL, size); }

static void *allocate_cleared(size_t count, size_t size) {
  size_t bytes;
  void *made = base_multiply(count, size, &bytes) ? allocate(bytes) : NULL;
  if (made) memset(made, 0, bytes);
  return made;
}

static void release(void *memory) {
  if (memory) base_free((block *)memory - 1);
}

spng_ctx *io_png_context(int flags) {
  struct spng_alloc allocators = {allocate, allocate_again, allocate_cleared, release};
  lacking = false;
  return spng_ctx_new2(&allocators, flags);
}

bool io_png_memory_lacked(void) { return lacking; }
