/* Large blocks on huge pages. */
#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/system.h"

#define HUGE_PAGE ((size_t)2 << 20)
/* A huge page is cleared as a whole, however little of it is used: without huge pages for blocks below this size, one
 * image is done 1 to 2 ms sooner, and 100 images take as long as with them. */
#define LARGE (2 * HUGE_PAGE)

void *base_alloc_large(size_t count, size_t size, berg_error *error) {
  size_t bytes;
  if (!base_multiply(count, size, &bytes) || bytes > PTRDIFF_MAX - HUGE_PAGE) {
    base_fail_memory(error, SIZE_MAX);
    return NULL;
  }
  if (bytes < LARGE) return base_alloc(count, size, error);
  size_t rounded = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
  void *block = aligned_alloc(HUGE_PAGE, rounded);
  if (!block)
    base_fail_memory(error, bytes);
  else
    base_system_huge_pages(block, rounded);
  return block;
}

void base_free_large(void *block) { free(block); }
