#define _DEFAULT_SOURCE /* madvise */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/memory.h"

#define HUGE_PAGE ((size_t)2 << 20)

void *base_alloc_large(size_t count, size_t size, berg_error *error) {
  size_t bytes;
  if (!base_multiply(count, size, &bytes) || bytes > PTRDIFF_MAX - HUGE_PAGE) {
    base_fail_memory(error, SIZE_MAX);
    return NULL;
  }
  size_t rounded = bytes ? (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE : HUGE_PAGE;
  void *block = aligned_alloc(HUGE_PAGE, rounded);
  if (!block)
    base_fail_memory(error, bytes);
  else
    madvise(block, rounded, MADV_HUGEPAGE);
  return block;
}

void base_free_large(void *block) { free(block); }
