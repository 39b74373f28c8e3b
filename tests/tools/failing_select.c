/* failing_select - evaluates an expression and parses it as a functional, memory running out at every place in turn.
 *
 *     failing_select MODEL BERG_DIR SUBJECT EXPRESSION
 *
 * The n-th allocation fails, for n = 1, 2, ... until a run needs no more than n. Each failure must be reported as
 * ELIMIT, with no columns, and (a matter for AddressSanitizer) leave no memory behind. Prints the number of allocations
 * and the status at last. Exit status: 0 as it should be, 1 not, 2 usage. The library allocates by aligned_alloc, which
 * the linker wraps. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/catalog/functional.h"

static atomic_size_t taken, failing;

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return ++taken == failing ? NULL : __real_aligned_alloc(alignment, size);
}

static berg_status use(const berg_metadata *metadata, const char *text, size_t **columns, berg_error *error) {
  model_functional functional;
  size_t count;
  berg_status status = model_functional_parse(&functional, text, error);
  if (!status) model_functional_free(&functional);
  *columns = NULL;
  return status == BERG_ELIMIT ? status : berg_metadata_select(metadata, text, columns, &count, error);
}

int main(int argc, char **argv) {
  berg_metadata *metadata;
  berg_error error;
  if (argc != 5) return 2;
  if (berg_metadata_open(&metadata, argv[1], argv[2], argv[3], &error)) {
    fprintf(stderr, "%s\n", error.message);
    return 2;
  }
  for (size_t n = 1;; n++) {
    size_t *columns;
    taken = 0;
    failing = n;
    berg_status status = use(metadata, argv[4], &columns, &error);
    const int is_done = taken < n, has_columns = columns != NULL;
    failing = 0;
    berg_free(columns);
    if (is_done) {
      printf("%zu %d\n", n - 1, status);
      berg_metadata_free(metadata);
      return 0;
    }
    if (status == BERG_ELIMIT && !has_columns) continue;
    fprintf(stderr, "allocation %zu failed: status %d: %s\n", n, status, error.message);
    return 1;
  }
}
