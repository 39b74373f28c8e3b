/* failing_compare - compares two files with memory running out at every place in turn.
 *
 *     failing_compare A B [METADATA]
 *
 * The n-th allocation fails, for n = 1, 2, ... until a run needs no more than n. Each failure must be reported as
 * ELIMIT, with no JSON, and (a matter for AddressSanitizer) leave no memory behind. Prints the number of allocations.
 * Exit status: 0 as it should be, 1 not, 2 usage. The library allocates by aligned_alloc, which the linker wraps. */
#include <berg.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static atomic_size_t taken, failing;

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return ++taken == failing ? NULL : __real_aligned_alloc(alignment, size);
}

int main(int argc, char **argv) {
  if (argc < 3 || argc > 4) return 2;
  for (size_t n = 1;; n++) {
    berg_compare_options options;
    berg_error error = {.status = BERG_OK};
    char *json = NULL;
    berg_compare_options_init(&options);
    options.threads = 1; /* so that the n-th allocation is the same one in every run */
    options.metadata = argc > 3 ? argv[3] : NULL;
    taken = 0;
    failing = n;
    berg_status status = berg_compare(argv[1], argv[2], &options, NULL, &json, &error);
    int is_done = taken < n, has_json = json != NULL;
    failing = 0;
    berg_free(json);
    if (is_done) {
      printf("%zu\n", n - 1);
      return !has_json;
    }
    if (status == BERG_ELIMIT && !has_json) continue;
    fprintf(stderr, "allocation %zu failed: status %d, %s JSON: %s\n", n, status, has_json ? "with" : "no",
            error.message);
    return 1;
  }
}
